import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Between client and server: lets bytes through, holds them back, or cuts the wire. */
export class FaultyWire {
  readonly port: number;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  /** Connections that were taken so far. */
  connections = 0;
  private isHung = false;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async to(target: number): Promise<FaultyWire> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const wire = new FaultyWire(server);
    server.on('connection', (socket) => wire.join(socket, target));
    return wire;
  }

  /** From now on connections are taken and nothing is said on any of them, old or new: a frozen server, or a half-open one. */
  hang(): void {
    this.isHung = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What was held back goes on its way. */
  resume(): void {
    this.isHung = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** Cuts every connection. New ones are taken. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket, target: number): void {
    this.connections++;
    const far = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('data', (bytes) => other.write(bytes));
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      if (this.isHung) socket.pause();
    }
  }
}
