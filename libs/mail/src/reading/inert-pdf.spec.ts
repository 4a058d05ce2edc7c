import { PDFDocument, PDFName, PDFStream } from '@cantoo/pdf-lib';
import { describe, expect, it } from '@jest/globals';
import { activePdfs, pdfOf, streamObject } from '../testing/pdf-making.ts';
import { inertPdf } from './inert-pdf.ts';

const ADDRESS = 'https://elsewhere.example/seen';
const SCRIPT = 'app.alert("CANARY")';
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('a PDF to be looked at', () => {
  it.each(activePdfs(SCRIPT, ADDRESS))('has nothing left that acts: $name', async ({ pdf }) => {
    expect(textOf(pdf)).toMatch(/CANARY|elsewhere/); // it was there
    const inert = textOf(await inertPdf(pdf));
    expect(inert).not.toMatch(/CANARY|elsewhere|\/(?:JS|JavaScript|AA|A|OpenAction|AcroForm|Names|URI|Widget|Link)\b/);
    expect(inert).toMatch(/^%PDF-/);
  });

  it('keeps what it looks like: pages as they are turned and cut, and what stands in forms', async () => {
    const field = (look: string, more = '') =>
      `<< /Type /Annot /Subtype /Widget /FT /Btn /T (f) /Rect [10 10 60 60] /AP << /N ${look} >> ${more} >>`;
    const source = pdfOf({
      catalog: '/AcroForm << /Fields [5 0 R 6 0 R 7 0 R] >>',
      page: '/Rotate 90 /CropBox [0 0 200 100] /Annots [5 0 R 6 0 R 7 0 R]',
      objects: [
        field('8 0 R'),
        field('<< /Yes 8 0 R /Off 9 0 R >>', '/AS /Yes'),
        field('9 0 R', '/F 2'), // hidden
        streamObject('0 0 1 rg 0 0 50 50 re f', '/Type /XObject /Subtype /Form /BBox [0 0 50 50]'),
        streamObject('0 1 0 rg 0 0 50 50 re f', '/Type /XObject /Subtype /Form /BBox [0 0 50 50]'),
      ],
    });
    const inert = await PDFDocument.load(await inertPdf(source));
    const [page] = inert.getPages();
    expect(page?.getRotation().angle).toBe(90);
    expect(page?.getCropBox()).toMatchObject({ width: 200, height: 100 });
    const annotations = page?.node.Annots()?.asArray().map(String) ?? [];
    expect(annotations).toHaveLength(2);
    for (const annotation of annotations) expect(annotation).toContain('/Subtype /Stamp');
    const drawn = inert.context.enumerateIndirectObjects().filter(([, object]) => object instanceof PDFStream);
    expect(drawn.map(([, object]) => Buffer.from((object as PDFStream).getContents()).toString()).sort()).toEqual([
      '0 0 1 rg 0 0 50 50 re f',
      '1 0 0 rg 0 0 300 300 re f',
    ]);
  });

  it('shows the layers that it showed, and no switch for the others', async () => {
    const layers = '/OCProperties << /OCGs [5 0 R] /D << /OFF [5 0 R] /AS [<< /Event /View >>] /Order [5 0 R] >> >>';
    const source = pdfOf({
      catalog: layers,
      page: '/Resources << /Properties << /L 5 0 R >> >>',
      objects: ['<< /Type /OCG /Name (Draft) >>'],
    });
    const inert = await PDFDocument.load(await inertPdf(source));
    const properties = String(inert.catalog.lookup(PDFName.of('OCProperties')));
    expect(properties).toMatch(/\/OFF/);
    expect(properties).not.toMatch(/Order|\/AS/);
  });

  it.each([
    ['damaged', Buffer.from('%PDF-1.7\nnothing of the kind')],
    ['empty', Buffer.alloc(0)],
    [
      'encrypted',
      Buffer.from(
        pdfOf({ objects: ['<< /Filter /Standard /V 1 /R 2 /O (a) /U (a) /P -4 >>'] })
          .toString('latin1')
          .replace('/Root 1 0 R', '/Root 1 0 R /Encrypt 5 0 R'),
      ),
    ],
  ])('is none where it is %s', (_, bytes) => expect(inertPdf(bytes)).rejects.toThrow());
});
