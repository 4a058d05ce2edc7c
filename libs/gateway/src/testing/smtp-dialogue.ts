import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A dialogue as a file tells it (inbound/dialogues/README.md). */
export interface SmtpDialogue {
  readonly title: string;
  /** Words before the dialogue, `name: value`. */
  readonly given: ReadonlyMap<string, string>;
  readonly steps: readonly { readonly kind: string; readonly text: string; readonly line: number }[];
}

export function readDialogue(text: string): SmtpDialogue {
  const lines = text.split('\n').map((line, index) => ({ line: index + 1, text: line }));
  const title = lines[0]?.text.replace(/^# */, '') ?? '';
  const used = lines.filter(({ text: each }) => each !== '' && !each.startsWith('#'));
  const steps = used.map(({ text: each, line }) => {
    const [, kind, rest] = /^([a-zCS~]+)(?:: ?(.*))?$/.exec(each) ?? [];
    if (kind === undefined) throw new Error(`line ${line} is no step: ${each}`);
    return { kind, text: rest ?? '', line };
  });
  const isGiven = ({ kind }: { kind: string }) => kind === 'given';
  const given = steps.filter(isGiven).map(({ text: each }) => each.split('=', 2) as [string, string]);
  return { title, given: new Map(given), steps: steps.filter((step) => !isGiven(step)) };
}

/** `\r`, `\n`, `\0`, `\xff`, and `{1000*x}` for a thousand of them. */
function bytesOf(text: string): Buffer {
  const repeated = text.replace(/\{(\d+)\*([^}]*)\}/g, (_, times: string, what: string) => what.repeat(Number(times)));
  const unescaped = repeated.replace(/\\(r|n|0|x[0-9a-f]{2})/g, (_, code: string) =>
    code === 'r' ? '\r' : code === 'n' ? '\n' : code === '0' ? '\0' : String.fromCharCode(parseInt(code.slice(1), 16)),
  );
  return /\\x/.test(text) ? Buffer.from(unescaped, 'latin1') : Buffer.from(unescaped);
}

const PATIENCE_MILLISECONDS = 20_000;

/** Speaks the client's part, and holds the server to its own. @throws an error that names the line */
export async function speak(dialogue: SmtpDialogue, port: number): Promise<void> {
  const line = new ReplyReader(connect({ port, host: '127.0.0.1' }));
  let reply = '';
  for (const { kind, text, line: number } of dialogue.steps) {
    const wrong = (what: string) => new Error(`line ${number}: ${kind}: ${text}\n${what}`);
    switch (kind) {
      case 'C':
        line.socket.write(Buffer.concat([bytesOf(text), Buffer.from('\r\n')]));
        break;
      case 'C~':
        line.socket.write(bytesOf(text));
        break;
      case 'S': {
        reply = await line.reply();
        const last = reply.trimEnd().split('\r\n').at(-1) ?? '';
        if (!last.startsWith(text)) throw wrong(`the server said: ${reply || '(it closed the connection)'}`);
        break;
      }
      case 'has':
        if (!reply.split('\r\n').some((each) => each.slice(4) === text)) throw wrong(`it is not in: ${reply}`);
        break;
      case 'lacks':
        if (reply.includes(text)) throw wrong(`it is in: ${reply}`);
        break;
      case 'closed':
        if ((reply = await line.reply()) !== '') throw wrong(`the server said more: ${reply}`);
        break;
      case 'leaves':
        line.socket.destroy();
        break;
      default:
        throw wrong('no such step');
    }
  }
  line.socket.destroy();
}

class ReplyReader {
  private text = '';
  private isClosed = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => (this.text += piece.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  /** One reply, all its lines; empty once the server has closed the connection. */
  async reply(): Promise<string> {
    const until = performance.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(this.text) ?? [];
      if (whole !== undefined) {
        this.text = this.text.slice(whole.length);
        return whole;
      }
      if (this.isClosed) return '';
      if (performance.now() > until) throw new Error(`no reply in ${PATIENCE_MILLISECONDS} ms; so far: ${this.text}`);
      await new Promise((resume) => setTimeout(resume, 5));
    }
  }
}
