/** A mail made to cost its reader time or memory. Made when asked for: some are large. */
export interface HostileMail {
  readonly name: string;
  readonly bytes: () => Buffer;
}

const html = (body: string): Buffer =>
  Buffer.from(`Subject: h\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${body}`);
const text = (fields: string, body = ''): Buffer => Buffer.from(`Subject: h\r\n${fields}\r\n\r\n${body}`);

export function hostileMails(): HostileMail[] {
  return [
    { name: '200 000 nested divs', bytes: () => html('<div>'.repeat(200_000)) },
    { name: '1 MB of open divs with paragraphs', bytes: () => html('<div><p>'.repeat(130_000)) },
    {
      name: 'divs just under the depth, with tables',
      bytes: () => html(`${'<div>'.repeat(250)}${'<table><tr><td>x</table>'.repeat(15_000)}`),
    },
    { name: 'depth hidden behind end tags that close nothing', bytes: () => html('<div></q>'.repeat(45_000)) },
    { name: '100 000 open formatting elements', bytes: () => html('<b><i><font>'.repeat(40_000)) },
    { name: 'formatting closed in the wrong order', bytes: () => html('<a><b><p>x</b></a>'.repeat(50_000)) },
    { name: 'depth in elements that close one another', bytes: () => html('<p><li>'.repeat(24_000)) },
    { name: 'a table of 300 000 cells', bytes: () => html(`<table><tr>${'<td>x'.repeat(190_000)}</table>`) },
    {
      name: 'one tag with 200 000 attributes',
      bytes: () => html(`<p ${Array.from({ length: 150_000 }, (_, at) => at.toString(36)).join(' ')}>x`),
    },
    {
      name: 'one attribute of a megabyte',
      bytes: () => html(`<p title="${'x'.repeat(1_000_000)}" style="${'a:b;'.repeat(1)}">x`),
    },
    { name: 'a style of a megabyte', bytes: () => html(`<p style="${'color:red;'.repeat(100_000)}">x`) },
    { name: '15 000 links', bytes: () => html('<a href="http://a.example/">x</a>'.repeat(30_000)) },
    { name: 'a megabyte of less-than signs', bytes: () => html('<'.repeat(1_000_000)) },
    { name: 'a megabyte of open comments', bytes: () => html('<!--'.repeat(250_000)) },
    { name: 'a megabyte of entities', bytes: () => html('&lt;&#x3c;&nosuch;&amp'.repeat(45_000)) },
    { name: 'a megabyte of spaces in pre', bytes: () => html(`<pre>${' '.repeat(1_000_000)}x`) },
    {
      name: '50 000 parts',
      bytes: () => text('Content-Type: multipart/mixed; boundary=b', '--b\r\n\r\nx\r\n'.repeat(50_000)),
    },
    { name: '100 000 headers', bytes: () => text(`${'X-A: b\r\n'.repeat(100_000)}To: x@y.example`, 'body') },
    { name: 'a header line of 5 MB', bytes: () => text(`X-A: ${'a'.repeat(5_000_000)}`, 'body') },
    { name: 'a header folded 100 000 times', bytes: () => text(`X-A: a${'\r\n b'.repeat(100_000)}`, 'body') },
    { name: '20 000 recipients', bytes: () => text(`To: ${'"A" <a@b.example>, '.repeat(10_000)}z@b.example`, 'body') },
    {
      name: 'addresses in 20 000 brackets',
      bytes: () =>
        text(
          `To: ${'('.repeat(20_000)}a@b.example\r\nFrom: ${'<'.repeat(20_000)}\r\nCc: ${'a:'.repeat(20_000)}`,
          'body',
        ),
    },
    { name: 'encoded words without end', bytes: () => text(`X: y\r\nSubject: ${'=?utf-8?q?'.repeat(10_000)}`, 'body') },
    {
      name: '1000 nested multiparts',
      bytes: () =>
        text(
          'Content-Type: multipart/mixed; boundary=b0',
          Array.from(
            { length: 1000 },
            (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary=b${at + 1}\r\n\r\n`,
          ).join(''),
        ),
    },
    {
      name: '300 nested messages',
      bytes: () => text('Content-Type: message/rfc822', 'Content-Type: message/rfc822\r\n\r\n'.repeat(300)),
    },
    {
      name: 'every line a delimiter that is none',
      bytes: () => text('Content-Type: multipart/mixed; boundary=b', '--c\r\n'.repeat(1_000_000)),
    },
    {
      name: 'pictures that point to one another',
      bytes: () =>
        text(
          'Content-Type: multipart/related; boundary=b',
          `--b\r\nContent-Type: text/html\r\nContent-ID: <a>\r\n\r\n<img src="cid:a"><img src="cid:b">\r\n--b\r\nContent-Type: text/html\r\nContent-ID: <b>\r\n\r\n<img src="cid:a">\r\n--b--\r\n`,
        ),
    },
    {
      name: 'one picture shown 20 000 times',
      bytes: () =>
        text(
          'Content-Type: multipart/related; boundary=b',
          `--b\r\nContent-Type: text/html\r\n\r\n${'<img src="cid:a">'.repeat(20_000)}\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100_000)]).toString('base64')}\r\n--b--\r\n`,
        ),
    },
    { name: '25 MB in one line', bytes: () => text('Content-Type: text/plain', 'x'.repeat(25_000_000)) },
    { name: '25 MB of line ends', bytes: () => text('Content-Type: text/plain', '\n'.repeat(25_000_000)) },
    {
      name: '20 MB of damaged base64',
      bytes: () => text('Content-Type: application/zip\r\nContent-Transfer-Encoding: base64', '=A!'.repeat(7_000_000)),
    },
    {
      name: '20 MB of equals signs as quoted-printable',
      bytes: () =>
        text('Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable', '='.repeat(20_000_000)),
    },
    { name: 'nothing but NUL', bytes: () => Buffer.alloc(5_000_000) },
  ];
}
