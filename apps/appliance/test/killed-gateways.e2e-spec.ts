import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SqliteEventStore } from '#libs/event-store';
import { GatewayStory } from './gateway-story.ts';
import { noPostfixBecause } from './postfix-instance.ts';

/** SEGL_TEST_GATEWAY_MAILS for more: the promise is about 1,000. */
const MAILS = Number(process.env['SEGL_TEST_GATEWAY_MAILS'] ?? 120);
/** A gateway lives this long after it was ready. */
const LIFE_MS = 1000;
/** Mails are written in so many programs at once, and so many between two kills: there is always something under way. */
const WRITERS = 4;
const MAILS_PER_LIFE = 25;

const office = 'office@nordlys.example';
const [anna, bo] = ['anna@example.com', 'bo@example.org'];
const SECRET = 'words that nobody between may read';
const recipientsOf = (mail: number) => (mail % 3 === 0 ? [anna, bo] : [mail % 2 === 0 ? anna : bo]);

const noPostfix = noPostfixBecause();
const withPostfix = noPostfix === null ? describe : describe.skip;

withPostfix(`gateways that are killed every second${noPostfix ? ` (${noPostfix})` : ''}`, () => {
  let story: GatewayStory;
  let killed = 0;
  afterEach(() => story?.end(), 60_000);

  async function writeMails(): Promise<void> {
    let next = 0;
    const writer = async () => {
      for (let mail = next++; mail < MAILS; mail = next++) {
        while (mail >= (killed + 1) * MAILS_PER_LIFE) await new Promise((resolve) => setTimeout(resolve, 20));
        const to = recipientsOf(mail);
        const header = `From: ${office}\nTo: ${to.join(', ')}\nSubject: Mail ${mail}\nMessage-ID: <mail-${mail}@nordlys.example>`;
        await story.inFront.sendmail(office, to, `${header}\n\n${SECRET}\n`);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
  }

  /** One after the other, each time another one, until it is over. */
  async function killing(gateways: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, LIFE_MS));
      const index = killed % gateways;
      await story.killGateway(index);
      killed++;
      await story.startGateway(index);
    }
  }

  /** Some times in a row, since a mail may be on its way between two folders while they are looked at. */
  async function nothingWaits(): Promise<void> {
    let times = 0;
    await story.eventually(
      'an empty queue in front',
      async () => {
        times = (await story.inFront.waiting()) === 0 ? times + 1 : 0;
        return times > 3 ? true : undefined;
      },
      60 + MAILS,
    );
  }

  function expectedAt(address: string): string[] {
    const mails = Array.from({ length: MAILS }, (_, mail) => mail);
    return mails.filter((mail) => recipientsOf(mail).includes(address)).map((mail) => `mail-${mail}`);
  }

  /** The ids of the messages that lie in a mailbox, by the mail that they carry. */
  async function arrivedAt(address: string): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    for (const bytes of await story.behind.mailsTo(address)) {
      const text = bytes.toString('latin1');
      expect(text.includes(SECRET)).toBe(false);
      const mail = /^Message-ID: <(mail-\d+)@/im.exec(text)?.[1] ?? 'another';
      found.set(mail, [...(found.get(mail) ?? []), /^Segl-Message: ([a-z2-7]{32})\r?$/m.exec(text)?.[1] ?? 'in clear']);
    }
    return found;
  }

  async function sealedMessages(): Promise<string[]> {
    const store = await SqliteEventStore.open(join(story.directory, 'events.sqlite'));
    const found: string[] = [];
    for await (const { type, stream } of store.readAll())
      if (type === 'MessageSealed') found.push(stream.slice('message-'.length));
    await store.close();
    return found;
  }

  it.each([1, 2])(
    `%i: each recipient has each of ${MAILS} mails once, or as one message where an answer was lost; none in clear`,
    async (gateways) => {
      story = await GatewayStory.start({
        addresses: [anna, bo, office],
        policy: 'rules: []\n',
        gateways,
        roles: ['gateway'],
        attemptSeconds: 3,
      });
      for (let index = 0; index < gateways; index++) await story.startGateway(index);
      killed = 0;
      let isOver = false;
      const kills = killing(gateways, () => isOver);
      try {
        await writeMails();
      } finally {
        isOver = true;
      }
      await kills;
      await nothingWaits();
      await story.eventually('all that the next hop took', async () => {
        const arrived = await Promise.all([anna, bo].map((address) => arrivedAt(address)));
        return arrived.every((mails, index) => mails.size >= expectedAt(index === 0 ? anna : bo).length) || undefined;
      });

      const sealed = await sealedMessages();
      expect(new Set(sealed).size).toBe(sealed.length);
      expect(sealed.length).toBe(expectedAt(anna).length + expectedAt(bo).length); // tried again it is the same message
      let doubled = 0;
      for (const address of [anna, bo]) {
        const arrived = await arrivedAt(address);
        expect([...arrived.keys()].sort()).toEqual(expectedAt(address).sort());
        for (const [mail, messageIds] of arrived) {
          expect([mail, new Set(messageIds).size]).toEqual([mail, 1]);
          expect(sealed).toContain(messageIds[0]);
          if (messageIds.length > 1) doubled++;
        }
      }
      expect((await story.behind.mailsTo(office)).map((mail) => mail.toString())).toEqual([]); // nobody was told of a failure
      expect(killed).toBeGreaterThan(3);
      process.stderr.write(
        `${gateways} gateways: ${MAILS} mails, ${killed} kills, ${doubled} doubled as one message, 0 in clear\n`,
      );
    },
    300_000 + MAILS * 2000,
  );
});
