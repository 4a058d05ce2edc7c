import { readServerCertificate } from '#libs/gateway';
import { DomainError, instantOf } from '#libs/vocabulary';
import type { Check } from './check.ts';
import { certificateFilesOf, listensForMail } from '../settings/smtp-settings.ts';

/** 14 days: what renews certificates by itself does it 30 days before their end, and somebody has to look at it by then. */
const WARN_DAYS = 14;
const DAY_MILLISECONDS = 86_400_000;

class CertificateEnds extends DomainError {
  constructor(endsAt: Date) {
    const isOver = endsAt.getTime() <= Date.now();
    super('certificate-ends', `the certificate ${isOver ? 'ended' : 'ends'} at ${instantOf(endsAt)}`);
  }
}

class NotListening extends DomainError {
  constructor() {
    super('not-listening', 'no mail can come in');
  }
}

/** Mail coming in over SMTP. */
export const CHECKS_OF_MAIL_COMING_IN: readonly Check[] = [
  {
    part: 'mail coming in',
    looksAt: 'that the ports for SMTP are listened on',
    failsWhen: 'the process has stopped listening',
    whatToDo: 'look at the log, and start it anew; sending servers keep their mail meanwhile',
    askers: ['readiness'],
    ofRole: 'gateway',
    concerns: listensForMail,
    isTold: () => true,
    async run(parts) {
      if (!parts.isListeningForMail()) throw new NotListening();
      return 'listens';
    },
  },
  {
    part: 'certificate of mail coming in',
    looksAt: 'the certificate and key for SMTP as they lie there now, and when the certificate ends',
    failsWhen: `they cannot be read, do not belong together, or the certificate ends within ${WARN_DAYS} days`,
    whatToDo: 'renew it, or mend what renews it; the new one is taken into use within 10 s, without a restart',
    askers: ['readiness', 'doctor'],
    onlyWarns: true,
    concerns: (settings) => listensForMail(settings) && certificateFilesOf(settings.smtp) !== null,
    isTold: () => true,
    async run({ settings }) {
      const files = certificateFilesOf(settings.smtp);
      if (files === null) return 'none';
      const { endsAt } = readServerCertificate(files);
      if (endsAt.getTime() - Date.now() < WARN_DAYS * DAY_MILLISECONDS) throw new CertificateEnds(endsAt);
      return `until ${instantOf(endsAt)}`;
    },
  },
];
