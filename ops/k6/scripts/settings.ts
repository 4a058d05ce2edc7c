/** What `npm run load` says to the scripts, by one variable: k6 gives scripts text alone. */
export interface LoadSettings {
  /** `http://127.0.0.1:<port>`: where the appliance is reached. */
  readonly portal: string;
  /** The least that a server can do, reached the same way. */
  readonly bare: string;
  /** Codes that came by mail, and access tokens: see ../sink.ts. */
  readonly sink: string;
  readonly sender: string;
  readonly journeys: readonly string[];
  /** Of each journey, at the same time. */
  readonly readers: number;
  readonly seconds: number;
  /** Seconds from the start of one round to the start of the next, at the least. */
  readonly paceSeconds: number;
  /** Seconds after the start in which readers get ready; nothing is measured before. */
  readonly readySeconds: number;
  /** Seconds that a reader takes over a whole visit, waiting between its steps. */
  readonly visitSeconds: number;
  /** Where k6 writes what it measured. */
  readonly summaryFile: string;
}

export const settings = JSON.parse(__ENV.SEGL_LOAD ?? '{}') as LoadSettings;
