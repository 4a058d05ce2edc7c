/** Of a page of 300 × 300 points: one colour over all of it. */
const RED = '1 0 0 rg 0 0 300 300 re f';

/**
 * A PDF file of one page, red all over. Objects 1 to 4 are the catalog, the page tree, the page and its content; `objects` are 5 and
 * so on.
 */
export function pdfOf(more: { catalog?: string; page?: string; objects?: readonly string[] } = {}): Buffer {
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R ${more.catalog ?? ''} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << >> ${more.page ?? ''} >>`,
    streamObject(RED),
    ...(more.objects ?? []),
  ];
  let text = '%PDF-1.7\n';
  const places = objects.map((object, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`;
  return Buffer.from(
    `${text}${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`,
  );
}

export function streamObject(content: string, entries = ''): string {
  return `<< /Length ${content.length} ${entries} >>\nstream\n${content}\nendstream`;
}

/** Of the kind that PDF viewers run by themselves, as soon as the file is open. */
export function pdfScript(script: string): string {
  return `<< /S /JavaScript /JS (${script.replace(/[()\\]/g, '\\$&')}) >>`;
}

/** One PDF for each way in which a script or an address gets into one. @param script what is to be found run */
export function activePdfs(script: string, address: string): { readonly name: string; readonly pdf: Buffer }[] {
  const action = pdfScript(script);
  return [
    { name: 'on opening', pdf: pdfOf({ catalog: `/OpenAction ${action}` }) },
    { name: 'in the list of names', pdf: pdfOf({ catalog: `/Names << /JavaScript << /Names [(a) ${action}] >> >>` }) },
    { name: 'when the document closes', pdf: pdfOf({ catalog: `/AA << /WC ${action} >>` }) },
    { name: 'when the page opens', pdf: pdfOf({ page: `/AA << /O ${action} >>` }) },
    {
      name: 'in a link all over the page',
      pdf: pdfOf({ page: `/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 300 300] /A ${action} >>]` }),
    },
    {
      name: 'in a field of a form',
      pdf: pdfOf({
        catalog: '/AcroForm << /Fields [5 0 R] >>',
        page: '/Annots [5 0 R]',
        objects: [
          `<< /Type /Annot /Subtype /Widget /FT /Tx /T (f) /Rect [0 0 300 300] /AA << /PO ${action} >> /AP << /N 6 0 R >> >>`,
          streamObject('0 0 1 rg 0 0 300 300 re f', '/Type /XObject /Subtype /Form /BBox [0 0 300 300]'),
        ],
      }),
    },
    { name: 'that opens an address', pdf: pdfOf({ catalog: `/OpenAction << /S /URI /URI (${address}) >>` }) },
    {
      name: 'that sends a form',
      pdf: pdfOf({ page: `/AA << /O << /S /SubmitForm /F << /FS /URL /F (${address}) >> >> >>` }),
    },
    {
      name: 'whose content lies elsewhere',
      pdf: pdfOf({
        page: '/Annots [<< /Type /Annot /Subtype /Stamp /Rect [0 0 9 9] /AP << /N 5 0 R >> >>]',
        objects: [streamObject('', `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /F << /FS /URL /F (${address}) >>`)],
      }),
    },
  ];
}
