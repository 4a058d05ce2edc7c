import { bytesOf, mail } from './mail-making.ts';
import type { MailShape } from '../mail-shapes.ts';

/** Name, what the mail calls the charset, the text in it (hex, from Python's codecs), the text. */
const TEXTS: readonly (readonly [string, string, string, string])[] = [
  ['latin1', 'ISO-8859-1', '52f86467f864', 'Rødgød'],
  ['latin9-euro', 'iso-8859-15', 'a43130', '€10'],
  ['windows-1252-quotes', 'Windows-1252', '93736179732e94', '“says.”'],
  ['windows-1252-as-latin1', 'iso-8859-1', '93736179732e94', '“says.”'],
  ['windows-1251', 'windows-1251', 'cff0e8e2e5f2', 'Привет'],
  ['koi8-r', 'KOI8-R', 'f0d2c9d7c5d4', 'Привет'],
  ['iso-8859-2', 'iso-8859-2', 'aff3b37461', 'Żółta'],
  ['iso-8859-7', 'iso-8859-7', 'c1e8deede1', 'Αθήνα'],
  ['iso-8859-8-i', 'iso-8859-8-i', 'f9ece5ed', 'שלום'],
  ['windows-1256', 'windows-1256', 'e3d1cdc8c7', 'مرحبا'],
  ['tis-620', 'tis-620', 'cac7d1cab4d5', 'สวัสดี'],
  ['gb2312', 'GB2312', 'c4e3bac3', '你好'],
  ['gbk-as-cp936', 'cp936', '87e5c4e3', '囧你'],
  ['gb18030', 'gb18030', 'c4e38139ee39', '你㐀'],
  ['big5', 'Big5', 'a741a66e', '你好'],
  ['shift-jis', 'Shift_JIS', '82b182f182c982bf82cd', 'こんにちは'],
  ['cp932', 'cp932', '878a8740', '㈱①'],
  ['iso-2022-jp', 'ISO-2022-JP', '1b2442243324731b2842', 'こん'],
  ['euc-jp', 'EUC-JP', 'a4b3a4f3', 'こん'],
  ['euc-kr', 'euc-kr', 'bec8b3e7', '안녕'],
  ['ks-c-5601', 'ks_c_5601-1987', '8c63b9e6', '똠방'],
  ['iso-2022-kr', 'iso-2022-kr', '1b2429430e3e4833670f', '안녕'],
  ['hz-gb-2312', 'hz-gb-2312', '7e7b44633a437e7d', '你好'],
  ['utf-7', 'utf-7', '522b4150672d64202b49424d206f6b', 'Rød – ok'],
  ['utf-16-le-bom', 'utf-16', 'fffe604f7d59', '你好'],
  ['ibm850', 'ibm850', '529b64', 'Rød'],
  ['cp437', 'cp437', '81ab', 'ü½'],
  ['koi8-u', 'koi8-u', 'a4a6a7ad', 'єіїґ'],
  ['macintosh', 'macintosh', '52bf64', 'Rød'],
];

export function charsetShapes(): MailShape[] {
  const shapes = TEXTS.map(([name, charset, hex, text]): MailShape => ({
    name: `charset-${name}`,
    bytes: mail(
      [`Subject: ${name}`, `Content-Type: text/plain; charset="${charset}"`, 'Content-Transfer-Encoding: 8bit'],
      Buffer.from(hex, 'hex'),
    ),
    expected: { subject: name, text, html: null },
  }));
  return [
    ...shapes,
    {
      name: 'charset-subject-in-iso-2022-jp-words',
      bytes: mail(['Subject: =?iso-2022-jp?B?GyRCJDMkcxsoQg==?=\r\n =?iso-2022-jp?B?GyRCJEskQRsoQg==?= (re)'], 'x\r\n'),
      expected: { subject: 'こんにち (re)' },
    },
    {
      name: 'charset-subject-split-in-a-character',
      bytes: mail(['Subject: =?utf-8?B?UsO4ZCA=?= =?utf-8?Q?gr=C3?= =?utf-8?Q?=B8d?='], 'x\r\n'),
      expected: { subject: 'Rød grød' },
    },
    {
      name: 'charset-subject-raw-utf8',
      bytes: mail(['Subject: Rå bytes: æøå'], 'x\r\n'),
      expected: { subject: 'Rå bytes: æøå' },
    },
    {
      name: 'charset-subject-raw-latin1',
      bytes: bytesOf('From: a@b.example\r\nSubject: R', Buffer.from([0xf8]), 'd\r\n\r\nx\r\n'),
      expected: { subject: 'Rød' },
    },
    {
      name: 'charset-unnamed-8bit-latin1',
      bytes: mail(['Subject: Unnamed'], Buffer.from('blåbær', 'latin1')),
      expected: { text: 'blåbær' },
    },
    {
      name: 'charset-html-meta-only',
      bytes: mail(
        ['Subject: Meta', 'Content-Type: text/html'],
        '<meta charset="windows-1251"><p>',
        Buffer.from('cff0e8e2e5f2', 'hex'),
        '</p>',
      ),
      expected: { text: 'Привет', html: 'Привет' },
    },
    {
      name: 'charset-unknown',
      bytes: mail(['Subject: Unknown', 'Content-Type: text/plain; charset=x-made-up'], 'still readable\r\n'),
      expected: { text: 'still readable' },
    },
  ];
}
