import { headerText } from '#libs/mail';
import type { MailAddress } from '#libs/vocabulary';
import type { MailFacts } from './mail-facts.ts';
import type { AddressPattern, PolicyTest } from './policy.ts';
import { sensitivityLabels } from './sensitivity-labels.ts';

export interface Verdict {
  readonly holds: boolean;
  /** What held, or what did not, in words; never what the mail says. */
  readonly because: string;
}

export interface TestedMail {
  readonly facts: MailFacts;
  readonly recipient: MailAddress;
  /** What words that could not be searched come to. True where the rule seals: in doubt a mail is sealed, never passed nor refused. */
  readonly inDoubt: boolean;
}

/** One test of a rule on one mail for one recipient. */
export function verdictOn(test: PolicyTest, mail: TestedMail): Verdict {
  const { facts, recipient } = mail;
  switch (test.kind) {
    case 'recipient':
      return said(isAmong(recipient, test.among), 'recipient is named', 'recipient is not named');
    case 'sender': {
      const senders = [...(facts.mailFrom === null ? [] : [facts.mailFrom]), ...facts.authors];
      return said(
        senders.some((sender) => isAmong(sender, test.among)),
        'sender is named',
        'sender is not named',
      );
    }
    case 'header': {
      const found = test.among.find(({ name, matches }) =>
        facts.header.all(name).some((text) => matches(headerText(text))),
      );
      return said(found !== undefined, `header ${found?.said}`, 'header has no such field');
    }
    case 'subjectTag': {
      const subject = facts.mailSubject.toLowerCase();
      const found = test.among.find((tag) => subject.includes(tag.toLowerCase()));
      return said(found !== undefined, `subject has ${found}`, 'subject has no such tag');
    }
    case 'sensitivityLabel': {
      const labels = new Set(sensitivityLabels(facts.header));
      const found = test.among.find((label) => labels.has(label.toLowerCase()));
      return said(found !== undefined, `labelled ${found}`, 'has no such label');
    }
    case 'largerThan':
      return said(facts.bytes > test.bytes, `larger than ${test.bytes} bytes`, `not larger than ${test.bytes} bytes`);
    case 'attachment':
      return attachmentVerdict(test, facts);
    case 'content':
      return contentVerdict(test, mail);
    case 'unsearchable':
      return said(
        facts.unsearched.length > 0,
        `not searched: ${facts.unsearched.join(', ')}`,
        'all of it was searched',
      );
    case 'any': {
      const verdicts = test.of.map((tests) => all(tests, mail));
      return (
        verdicts.find(({ holds }) => holds) ??
        said(false, '', `none of: ${verdicts.map(({ because }) => because).join(', ')}`)
      );
    }
    case 'not': {
      const { holds, because } = all(test.tests, { ...mail, inDoubt: !mail.inDoubt });
      return { holds: !holds, because: `${holds ? 'though' : 'not'}: ${because}` };
    }
  }
}

function all(tests: readonly PolicyTest[], mail: TestedMail): Verdict {
  const verdicts = tests.map((test) => verdictOn(test, mail));
  return verdicts.find(({ holds }) => !holds) ?? said(true, verdicts.map(({ because }) => because).join('; '), '');
}

function attachmentVerdict(test: Extract<PolicyTest, { kind: 'attachment' }>, { attachments }: MailFacts): Verdict {
  for (const { fileName, kinds } of attachments) {
    const kind = kinds.find((each) => test.kinds.includes(each));
    if (kind !== undefined) return said(true, `has a file of kind ${kind}`, '');
    const name = test.names.find(({ matches }) => matches(fileName));
    if (name) return said(true, `has a file named ${name.said}`, '');
  }
  return said(false, '', attachments.length === 0 ? 'has no file' : 'has no such file');
}

function contentVerdict(test: Extract<PolicyTest, { kind: 'content' }>, { facts, inDoubt }: TestedMail): Verdict {
  const counts = test.detectors.map(({ id }) => ({ id, count: facts.found.get(id) ?? 0 }));
  const sum = counts.reduce((total, { count }) => total + count, 0);
  const what = counts.filter(({ count }) => count > 0).map(({ id, count }) => `${id} (${count})`);
  if (sum >= test.atLeast) return said(true, `contains ${what.join(', ')}`, '');
  if (inDoubt && facts.unsearched.length > 0)
    return said(true, `could not be searched whole: ${facts.unsearched.join(', ')}`, '');
  return said(false, '', `contains ${what.join(', ') || 'none of it'}, ${test.atLeast} asked for`);
}

function isAmong(address: MailAddress, patterns: readonly AddressPattern[]): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return patterns.some((pattern) => {
    if (pattern.kind === 'address') return pattern.address === address;
    return domain === pattern.domain || (pattern.withSubdomains && domain.endsWith(`.${pattern.domain}`));
  });
}

function said(holds: boolean, ifSo: string, ifNot: string): Verdict {
  return { holds, because: holds ? ifSo : ifNot };
}
