import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { consistencyProof, rootAt } from '../ledger/tree-proofs.ts';
import type { TreeHashes } from '../ledger/tree-proofs.ts';

const COSIGNATURE = 0x04;

/**
 * A witness for tests, on loopback. It holds the log itself (`sees`), so it need not verify a proof to know whether it is right.
 * `answers` makes it lie.
 */
export class WitnessOfTests {
  readonly name = 'witness.example/w1';
  size = 0;
  note: string | null = null;
  asked = 0;
  answers: ((path: string) => { status: number; text: string } | null) | null = null;
  private readonly server: Server;
  private readonly keys = generateKeyPairSync('ed25519');

  constructor(readonly sees: TreeHashes) {
    this.server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const path = request.url ?? '';
        const body = Buffer.concat(pieces).toString('utf8');
        const { status, text } =
          this.answers?.(path) ?? (request.method === 'GET' ? this.shown(path) : this.submitted(body));
        response.writeHead(status).end(text);
      });
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/of-tests`;
  }

  get vkey(): string {
    return `${this.name}+${this.keyId.toString('hex')}+${this.keyBytes.toString('base64')}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }

  private get keyBytes(): Buffer {
    const raw = this.keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    return Buffer.concat([Uint8Array.of(COSIGNATURE), raw]);
  }

  private get keyId(): Buffer {
    return createHash('sha256').update(`${this.name}\n`).update(this.keyBytes).digest().subarray(0, 4);
  }

  private shown(path: string): { status: number; text: string } {
    const origin = this.note?.split('\n')[0] ?? '';
    const isKnown = path === `/of-tests/${createHash('sha256').update(origin).digest('hex')}/checkpoint`;
    return this.note === null || !isKnown ? { status: 404, text: '' } : { status: 200, text: this.note };
  }

  private submitted(body: string): { status: number; text: string } {
    this.asked++;
    const split = body.indexOf('\n\n');
    const [first = '', ...proof] = body.slice(0, split).split('\n');
    const note = body.slice(split + 2);
    const [, size = '', root] = note.split('\n');
    const old = Number(first.replace('old ', ''));
    if (old > Number(size)) return { status: 400, text: '' };
    if (old !== this.size) return { status: 409, text: `${this.size}\n` };
    const wanted = consistencyProof(this.sees, old, Number(size)).map((hash) => hash.toString('base64'));
    if (proof.join() !== wanted.join() || root !== rootAt(this.sees, Number(size)).toString('base64'))
      return { status: 422, text: '' };
    this.size = Number(size);
    const line = this.cosign(note);
    this.note = note + line;
    return { status: 200, text: `— another.example AAAAAAAAAAA=\n${line}` };
  }

  cosign(note: string, time = 1_796_000_000n): string {
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(time);
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), this.keys.privateKey);
    return `— ${this.name} ${Buffer.concat([this.keyId, stamp, signature]).toString('base64')}\n`;
  }
}
