import type { MimePart } from './mime-structure.ts';

/** Only its form matters: what has no address of its own is compared as if it stood there. */
const NOWHERE = 'segl:///';

/** Where HTML finds the images that its mail carries. Each way of naming one is looked up, none searched. */
export class InlinePlaces {
  private readonly byId = new Map<string, MimePart>();
  private readonly byLocation = new Map<string, MimePart>();
  private readonly byName = new Map<string, MimePart>();

  constructor(parts: readonly MimePart[]) {
    const add = (places: Map<string, MimePart>, key: string | null, part: MimePart): void => {
      if (key !== null && !places.has(key)) places.set(key, part);
    };
    for (const part of parts) {
      add(this.byId, part.contentId, part);
      add(this.byLocation, part.contentLocation, part);
      add(this.byName, part.filename, part);
    }
    // behind those that are named exactly so
    for (const part of parts) {
      add(this.byId, part.contentId && decoded(part.contentId), part);
      add(this.byLocation, part.contentLocation && resolved(part.contentLocation, null), part);
    }
  }

  /** @param base Content-Location of the HTML (RFC 2557 §5) */
  find(source: string, base: string | null): MimePart | undefined {
    if (/^cid:/i.test(source)) return this.withId(source.slice(4));
    const atPlace = this.byLocation.get(source) ?? this.byLocation.get(resolved(source, base) ?? source);
    if (atPlace || /^[a-z][a-z0-9+.-]*:|^\/\//i.test(source)) return atPlace;
    return this.withId(source) ?? this.byName.get(decoded(source));
  }

  private withId(id: string): MimePart | undefined {
    return this.byId.get(id) ?? this.byId.get(decoded(id));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function resolved(url: string, base: string | null): string | null {
  return URL.parse(url, (base && URL.parse(base, NOWHERE)?.href) ?? NOWHERE)?.href ?? null;
}
