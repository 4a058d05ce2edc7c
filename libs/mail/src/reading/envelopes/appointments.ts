import ICAL from 'ical.js';
import type { Instant } from '#libs/vocabulary';
import { oneLine } from '../../syntax/header-text.ts';
import type { Appointment, AppointmentTime } from './explanation.ts';
import { instantIn } from './zoned-time.ts';

const MAX_EVENTS = 10;
const MAX_ATTENDEES = 30;
const MAX_DESCRIPTION = 5000;

/** The events of an iCalendar file (RFC 5545); none of what is no calendar. */
export function appointmentsIn(text: string): Appointment[] {
  try {
    const calendars = [ICAL.parse(text)].flat(
      text.indexOf('BEGIN:VCALENDAR') === text.lastIndexOf('BEGIN:VCALENDAR') ? 0 : 1,
    );
    return (calendars as unknown[][])
      .map((each) => new ICAL.Component(each as never))
      .flatMap((calendar) =>
        calendar
          .getAllSubcomponents('vevent')
          .slice(0, MAX_EVENTS)
          .map((event) => appointment(event, calendar)),
      )
      .slice(0, MAX_EVENTS);
  } catch {
    return []; // no calendar, or one that the library cannot read: it stays a file
  }
}

function appointment(event: ICAL.Component, calendar: ICAL.Component): Appointment {
  const word = (component: ICAL.Component, name: string): string => {
    const value = component.getFirstPropertyValue(name);
    return typeof value === 'string' ? value : '';
  };
  const method = word(calendar, 'method').toUpperCase();
  const attendees = event.getAllProperties('attendee');
  const start = timeOf(event.getFirstProperty('dtstart'));
  return {
    kind: 'appointment',
    isCancelled: method === 'CANCEL' || word(event, 'status').toUpperCase() === 'CANCELLED',
    isReply: method === 'REPLY' || method === 'COUNTER',
    summary: short(word(event, 'summary')),
    start,
    end: endOf(event),
    repeats: event.hasProperty('rrule') || event.hasProperty('rdate'),
    location: short(word(event, 'location')),
    organiser: person(event.getFirstProperty('organizer')),
    attendees: attendees.slice(0, MAX_ATTENDEES).map(person),
    moreAttendees: Math.max(0, attendees.length - MAX_ATTENDEES),
    description: word(event, 'description').replace(/\r\n?/g, '\n').slice(0, MAX_DESCRIPTION).trim().toWellFormed(),
  };
}

function short(text: string): string {
  return oneLine(text.slice(0, 1000)).slice(0, 500);
}

function person(property: ICAL.Property | null): string {
  if (property === null) return '';
  const address = short(String(property.getFirstValue() ?? '')).replace(/^mailto:/i, '');
  const name = short(String(property.getFirstParameter('cn') ?? ''));
  return name === '' || name === address ? address : `${name} <${address}>`;
}

/** DTEND, or DTSTART and DURATION. A last whole day is the day before its DTEND (RFC 5545 §3.6.1). */
function endOf(event: ICAL.Component): AppointmentTime | null {
  const given = event.getFirstProperty('dtend');
  if (given !== null) {
    const value = given.getFirstValue();
    if (!(value instanceof ICAL.Time) || !value.isDate) return timeOf(given);
    const last = value.clone();
    last.addDuration(new ICAL.Duration({ days: 1, isNegative: true }));
    return timeFrom(last, '');
  }
  const begins = event.getFirstProperty('dtstart');
  const duration = event.getFirstPropertyValue('duration');
  const value = begins?.getFirstValue();
  if (begins === null || !(value instanceof ICAL.Time) || !(duration instanceof ICAL.Duration)) return null;
  const ends = value.clone();
  ends.addDuration(duration);
  return timeFrom(ends, zoneIn(begins));
}

function timeOf(property: ICAL.Property | null): AppointmentTime | null {
  const value = property?.getFirstValue();
  return property && value instanceof ICAL.Time ? timeFrom(value, zoneIn(property)) : null;
}

function zoneIn(property: ICAL.Property): string {
  return short(String(property.getFirstParameter('tzid') ?? ''));
}

/** The zone as the file describes it, else as the platform knows its name (RFC 5545 §3.2.19 and §3.6.5). */
function timeFrom(time: ICAL.Time, tzid: string): AppointmentTime {
  const local = time.toString().replace(/Z$/, '');
  if (time.isDate) return { local, zone: '', at: null };
  const isUtc = time.zone === ICAL.Timezone.utcTimezone;
  const isDescribed = !isUtc && time.zone !== null && time.zone !== ICAL.Timezone.localTimezone;
  const zone = isUtc ? 'UTC' : tzid;
  const at = isUtc || isDescribed ? instantOf(time.toUnixTime()) : instantIn(local, zone);
  return { local, zone, at };
}

function instantOf(seconds: number): Instant | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : (date.toISOString() as Instant);
}
