/** A port of a process cannot be had: another program has it, or the address is not of this machine. */
export class CannotListen extends Error {
  /** `…_HOST` and `…_PORT` say where. */
  readonly listener: 'SEGL_HTTP' | 'SEGL_MANAGEMENT' | 'SEGL_SMTP';
  readonly isTaken: boolean;

  constructor(listener: CannotListen['listener'], cause: Error) {
    super(`${listener}_HOST, ${listener}_PORT: this process cannot listen there: ${cause.message}`, { cause });
    this.name = 'CannotListen';
    this.listener = listener;
    this.isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
  }
}
