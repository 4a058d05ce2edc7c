import type { NetworkAround } from '#libs/ephemeral-store';

/** What an upload weighs, and for whom. */
export interface WeighedUpload {
  /** The smallest first. */
  readonly networks: readonly NetworkAround[];
  readonly heldBytes: number;
  /** By the monotonic clock, in milliseconds: when it last gave something. */
  readonly lastAt: number;
}

/** 2 s: longer than a phone on its way through a tunnel mostly is. Only where there is no room is anybody silent too long by this. */
const SILENT_MS = 2000;

/**
 * Which of the uploads makes way when `asking` needs so many bytes more. Those that have given nothing for a while come first; then
 * the largest upload of the host with most, in the block of networks (/24, /48) with most. So whoever leaves many standing makes way
 * for who brings one, and uploads of one network for one another.
 */
export function heaviestOf<Upload extends WeighedUpload>(
  uploads: readonly Upload[],
  asking: Upload,
  bytes: number,
  now = performance.now(),
): Upload {
  const weightOf = (upload: Upload) => upload.heldBytes + (upload === asking ? bytes : 0);
  const silent = uploads.filter((upload) => upload !== asking && now - upload.lastAt >= SILENT_MS);
  let among = silent.length > 0 ? silent : uploads;
  for (const size of [-1, 0] as const) among = heaviestNetwork(among, size, weightOf);
  return among.reduce(
    (heaviest, upload) => (weightOf(upload) > weightOf(heaviest) ? upload : heaviest),
    among[0] ?? asking,
  );
}

/** @param size as an index from the smallest network (0) or from the largest (-1) */
function heaviestNetwork<Upload extends WeighedUpload>(
  uploads: readonly Upload[],
  size: 0 | -1,
  weightOf: (upload: Upload) => number,
): readonly Upload[] {
  const byNetwork = Map.groupBy(uploads, ({ networks }) => networks.at(size)?.prefix ?? '');
  const sum = (those: readonly Upload[]) => those.reduce((bytes, upload) => bytes + weightOf(upload), 0);
  let heaviest: readonly Upload[] = [];
  for (const those of byNetwork.values()) if (heaviest.length === 0 || sum(those) > sum(heaviest)) heaviest = those;
  return heaviest;
}
