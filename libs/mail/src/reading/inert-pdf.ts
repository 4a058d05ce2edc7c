import type { PDFContext, PDFDict, PDFObject, PDFPage } from '@cantoo/pdf-lib';

/** Of a page, what says how it looks (ISO 32000-2 §7.7.3.3); whatever else stands there may act, or name something elsewhere. */
const KEPT_OF_PAGE = new Set([
  'Type',
  'Parent',
  'Resources',
  'MediaBox',
  'CropBox',
  'BleedBox',
  'TrimBox',
  'ArtBox',
  'Rotate',
  'Contents',
  'Group',
  'UserUnit',
]);
/** Which layers are seen (§8.11.4.3), and not what turns them on and off. */
const KEPT_OF_LAYERS = ['BaseState', 'ON', 'OFF'];
/** Of a stream: its bytes in another file (§7.3.8.2), a page of another document in its place (§8.10.4), and what is not drawn. */
const DROPPED_OF_STREAMS = ['F', 'FFilter', 'FDecodeParms', 'Ref', 'OPI', 'Metadata', 'PieceInfo', 'Alternates'];
/** Bits 2 and 6 of an annotation's flags: hidden, not to be seen on a screen (§12.5.3). */
const UNSEEN = 0b100010;

/** Loaded when the first PDF is looked at: most mails are read without it. */
const library = () => import('@cantoo/pdf-lib');
type Library = Awaited<ReturnType<typeof library>>;

/**
 * A PDF that only shows: its pages as they look, written anew from what was understood. Scripts, actions, forms, links, attached files
 * and whatever else viewers act upon are not copied, so that no viewer has anything to run or to ask for
 * (ops/decisions/2026-11-30-files-are-looked-at-in-a-tab-of-their-own.md). What stands in the fields of a form is drawn as it stands.
 *
 * @throws for what is damaged, or encrypted
 */
export async function inertPdf(content: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const pdf = await library();
  const source = await pdf.PDFDocument.load(content, {
    updateMetadata: false,
    parseSpeed: pdf.ParseSpeeds.Fastest,
  });
  const inert = await pdf.PDFDocument.create({ updateMetadata: false });
  const copier = pdf.PDFObjectCopier.for(source.context, inert.context);
  for (const page of source.getPages()) {
    stripPage(pdf, page);
    const node = copier.copy(page.node);
    inert.addPage(pdf.PDFPage.of(node, inert.context.register(node), inert));
  }
  const layers = layersOf(pdf, source.catalog);
  if (layers !== null) inert.catalog.set(pdf.PDFName.of('OCProperties'), copier.copy(layers));
  for (const [, object] of inert.context.enumerateIndirectObjects()) {
    if (object instanceof pdf.PDFStream) for (const key of DROPPED_OF_STREAMS) object.dict.delete(pdf.PDFName.of(key));
  }
  return Uint8Array.from(await inert.save({ useObjectStreams: false, addDefaultPage: false }));
}

function stripPage(pdf: Library, { node }: PDFPage): void {
  const drawn = drawnAnnotations(pdf, node);
  for (const key of node.keys()) if (!KEPT_OF_PAGE.has(key.decodeText())) node.delete(key);
  if (drawn.length > 0) node.set(pdf.PDFName.of('Annots'), node.context.obj(drawn));
}

/** Notes, stamps and the fields of forms, each as the picture of itself that it brings (§12.5.5): a stamp, which does nothing. */
function drawnAnnotations(pdf: Library, page: PDFDict): PDFDict[] {
  const { context } = page;
  const all = page.lookup(pdf.PDFName.of('Annots'));
  if (!(all instanceof pdf.PDFArray)) return [];
  return all.asArray().flatMap((each) => {
    const annotation = context.lookup(each);
    if (!(annotation instanceof pdf.PDFDict)) return [];
    const flags = annotation.lookup(pdf.PDFName.of('F'));
    const rectangle = annotation.lookup(pdf.PDFName.of('Rect'));
    const look = appearanceOf(pdf, annotation, context);
    if (look === null || !(rectangle instanceof pdf.PDFArray)) return [];
    if (flags instanceof pdf.PDFNumber && (flags.asNumber() & UNSEEN) !== 0) return [];
    return [context.obj({ Type: 'Annot', Subtype: 'Stamp', Rect: rectangle, F: 4, AP: { N: look } })];
  });
}

function appearanceOf(pdf: Library, annotation: PDFDict, context: PDFContext): PDFObject | null {
  const looks = annotation.lookup(pdf.PDFName.of('AP'));
  if (!(looks instanceof pdf.PDFDict) || isPopup(pdf, annotation)) return null;
  const normal = looks.get(pdf.PDFName.of('N'));
  const found = context.lookup(normal);
  if (found instanceof pdf.PDFStream) return normal ?? null;
  if (!(found instanceof pdf.PDFDict)) return null;
  const state = annotation.lookup(pdf.PDFName.of('AS'));
  const inState = state instanceof pdf.PDFName ? found.get(state) : undefined;
  return context.lookup(inState) instanceof pdf.PDFStream ? (inState ?? null) : null;
}

function isPopup(pdf: Library, annotation: PDFDict): boolean {
  return annotation.lookup(pdf.PDFName.of('Subtype')) === pdf.PDFName.of('Popup');
}

function layersOf(pdf: Library, catalog: PDFDict): PDFDict | null {
  const { context } = catalog;
  const properties = catalog.lookup(pdf.PDFName.of('OCProperties'));
  if (!(properties instanceof pdf.PDFDict)) return null;
  const groups = properties.get(pdf.PDFName.of('OCGs'));
  const shown = properties.lookup(pdf.PDFName.of('D'));
  if (groups === undefined || !(shown instanceof pdf.PDFDict)) return null;
  const kept = context.obj({});
  for (const key of KEPT_OF_LAYERS) {
    const value = shown.get(pdf.PDFName.of(key));
    if (value !== undefined) kept.set(pdf.PDFName.of(key), value);
  }
  return context.obj({ OCGs: groups, D: kept });
}
