import { Logger } from '@nestjs/common';
import type { Trouble } from './standing.ts';
import type { Upstream } from './upstream.ts';

/** 5 minutes: two questions each time, for metadata and keys, of which nothing is kept. */
const EXAMINED_EVERY_SECONDS = 300;

/** A provider that cannot be used, for whoever runs this portal. */
export interface UpstreamTrouble extends Trouble {
  readonly upstream: string;
  readonly name: string;
  readonly issuer: string;
}

/** Those of these providers that could not be used when they were last asked. Asks nobody. */
export function troublesOf(upstreams: readonly Upstream[]): readonly UpstreamTrouble[] {
  return upstreams.flatMap((upstream) => {
    const trouble = upstream.trouble();
    return trouble === null
      ? []
      : [{ upstream: upstream.id, name: upstream.name, issuer: upstream.issuer, ...trouble }];
  });
}

/** So that a provider that cannot be used is known before a reader finds out, and stands in the log once. Ends with clearInterval. */
export function watchUpstreams(upstreams: readonly Upstream[]): NodeJS.Timeout {
  const logger = new Logger('sign-in');
  // That it works again stands where it stood that it does not: a warning is read beside its end.
  for (const upstream of upstreams) upstream.tell((line) => logger.warn(line));
  const examineAll = () => void Promise.all(upstreams.map((upstream) => upstream.examine()));
  examineAll();
  return setInterval(examineAll, EXAMINED_EVERY_SECONDS * 1000).unref();
}
