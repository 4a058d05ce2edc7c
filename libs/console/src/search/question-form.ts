import { AUDITED_TYPES, EVIDENCE_IN_TRAIL } from '#libs/audit';
import type { TextKey } from '#libs/web-ui';
import { EVIDENCE_WORDS, OUTCOME_WORDS, titleOf } from '../trail/event-words.ts';
import { METHOD_WORDS } from '../trail/value-words.ts';
import { TYPE_BOX, typesIn } from './question.ts';
import type { Asked, AskedBy, Faults } from './question.ts';

interface Option {
  readonly value: string;
  readonly text: TextKey;
  /** Beside the text: the word of the record. */
  readonly name: string;
  readonly isChosen: boolean;
  /** The name of its box, where several may be chosen. */
  readonly box: string;
}

interface FormField {
  readonly name: AskedBy;
  readonly label: TextKey;
  readonly hint: TextKey | '';
  readonly fault: TextKey | '';
  readonly value: string;
  readonly isTime: boolean;
  /** One box, with these words beside it; empty: it is another field. */
  readonly boxText: TextKey | '';
  /** Empty for a field to type in. */
  readonly options: readonly Option[];
  /** Whether several may be chosen, each in a box of its own. */
  readonly isSeveral: boolean;
  readonly chosen: number;
}

const HINTS: Readonly<Partial<Record<AskedBy, TextKey>>> = {
  ...{ person: 'console.search.hints.person', words: 'console.search.hints.words' },
  ...{ type: 'console.search.hints.type', to: 'console.search.hints.to', message: 'console.search.hints.message' },
  canary: 'console.search.hints.canary',
};
const BOXES: Readonly<Partial<Record<AskedBy, TextKey>>> = { canary: 'console.search.withCanary' };
const LABELS = {
  ...{ message: 'console.search.fields.message', person: 'console.search.fields.person' },
  ...{ sender: 'console.search.fields.sender', recipient: 'console.search.fields.recipient' },
  ...{ reader: 'console.search.fields.reader', type: 'console.search.fields.type' },
  ...{ outcome: 'console.search.fields.outcome', method: 'console.search.fields.method' },
  ...{ evidence: 'console.search.fields.evidence', from: 'console.search.fields.from' },
  ...{ to: 'console.search.fields.to', submission: 'console.search.fields.submission' },
  ...{ case: 'console.search.fields.case', words: 'console.search.fields.words' },
  canary: 'console.search.fields.canary',
} as const satisfies Record<AskedBy, TextKey>;

/** The fields of a question as a template shows them, filled in as they were, each with its fault. */
export function questionForm(asked: Asked, faults: Faults = {}) {
  const choices: Readonly<Partial<Record<AskedBy, readonly (readonly [string, TextKey])[]>>> = {
    type: AUDITED_TYPES.map((type) => [type, titleOf(type)] as const),
    outcome: Object.entries(OUTCOME_WORDS),
    method: Object.entries(METHOD_WORDS),
    evidence: EVIDENCE_IN_TRAIL.map((value) => [value, EVIDENCE_WORDS[value]] as const),
  };
  const fields = (Object.keys(LABELS) as AskedBy[]).map((name): FormField => {
    const value = asked[name] ?? '';
    const isSeveral = name === 'type';
    const chosen = isSeveral ? typesIn(asked) : [value];
    return {
      ...{ name, value, label: LABELS[name], hint: HINTS[name] ?? '', fault: faults[name] ?? '' },
      ...{
        isTime: name === 'from' || name === 'to',
        boxText: BOXES[name] ?? '',
        isSeveral,
        chosen: isSeveral ? chosen.length : 0,
      },
      options: (choices[name] ?? []).map(([option, text]) => ({
        ...{ value: option, text, name: option, isChosen: chosen.includes(option), box: TYPE_BOX + option },
      })),
    };
  });
  return { fields, faulty: fields.filter(({ fault }) => fault !== '') };
}
