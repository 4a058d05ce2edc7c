/** A mail that wants its reader to believe that a link leads elsewhere. */
export interface LinkTrick {
  readonly name: string;
  readonly html: string;
  /** What the notes must say, in the order of the links. */
  readonly targets: readonly string[];
}

const evil = (inside: string, attributes = ''): string =>
  `<a href="https://evil.example/x" ${attributes}>${inside}</a>`;

/** Each has `https://evil.example` behind words that promise a bank, unless it says otherwise. */
export function linkTricks(): LinkTrick[] {
  const tricks: Record<string, string | [html: string, ...targets: string[]]> = {
    'words of another host': evil('https://bank.example/login'),
    'its own host in a hidden span': evil('https://bank.example <span style="display:none">evil.example</span>'),
    'its own host in letters of no size': evil('https://bank.example<span style="font-size:0">evil.example</span>'),
    'its own host in white': evil('<span style="color:#fff">evil.example</span>'),
    'its own host, hidden by the link itself': evil('evil.example', 'style="font-size:0;color:#fff"'),
    'a user name': [
      '<a href="https://bank.example@evil.example/">https://bank.example@evil.example/</a>',
      'evil.example',
    ],
    'a user name and password': ['<a href="https://bank.example:443@evil.example/">x</a>', 'evil.example'],
    'an override of direction before it': `\u202e${evil('moc.knab')}`,
    'an override of direction in it': evil('\u202ehttps://bank.example'),
    'an embedding that is never closed': evil('\u202b\u202e\u2067bank'),
    bdo: ['<bdo dir="rtl"><a href="https://elpmaxe.knab/">elpmaxe.knab</a></bdo>', 'elpmaxe.knab'],
    'bdo within': evil('<bdo dir="rtl">elpmaxe.live'),
    'direction of everything': `<div dir="rtl" style="direction:rtl">${evil('bank.example')}</div>`,
    homographs: ['<a href="https://bаnk.example/">bаnk.example</a>', 'xn--bnk-6cd.example'],
    'homographs in full width': ['<a href="https://ｅｖｉｌ.example/">bank.example</a>', 'evil.example'],
    'a box that covers it': `${evil('bank.example')}<div style="margin-top:-40px;height:60px;background:#fff">https://bank.example</div>`,
    'a table that covers it': `<div style="height:0">${evil('bank.example')}</div><table width="600" bgcolor="#ffffff"><tr><td height="80" bgcolor="#ffffff">bank.example</td></tr></table>`,
    'a line without height': `<div style="line-height:0">${evil('bank')}<br><b style="background:#fff;line-height:30px">https://bank.example</b></div>`,
    'letters of no size around it': `<div style="font-size:0;line-height:0"><span style="font-size:16px">${evil('https://bank.example')}</span></div>`,
    'a low box': `<div style="height:16px;overflow:hidden;width:90px">${evil('bank.example')}</div>`,
    'a box within the link that is cut': evil(
      '<div style="height:12px;overflow:hidden">bank</div>',
      'style="display:block;height:12px;overflow:hidden"',
    ),
    'white on white': `<div style="color:#fff;background:#fff">${evil('<b style="color:#00f">bank.example</b>')}</div>`,
    'spaces that push it away': `<div style="white-space:nowrap">${evil(`bank.example${'&nbsp;'.repeat(400)}`)}</div>`,
    'padding that pushes it away': `<div style="white-space:nowrap">${evil('bank.example', 'style="padding-right:5000px"')}</div>`,
    'a first line that is drawn in': `<p style="text-indent:5000px">${evil('bank.example')}</p>`,
    'spaced letters': `<p style="letter-spacing:400px;word-spacing:900px;text-transform:uppercase">${evil('a')}</p>`,
    'letters drawn over one another': `${evil('LOGIN')}<span style="letter-spacing:-90px">xxxx</span><a href="https://bank.example">.</a>`,
    'the note of another link laid over it': [
      `<div style="height:0">${evil('LOG IN HERE')}</div><div style="padding-left:100px"><a href="https://bank.example">.</a></div>`,
      'evil.example',
      'bank.example',
    ],
    'the note of another link from the side': [
      `<table><tr><td style="width:10px;max-width:10px"><div style="width:0;white-space:nowrap">${evil('LOGIN')}</div></td><td><a href="https://bank.example">.</a></td></tr></table>`,
      'evil.example',
      'bank.example',
    ],
    'columns of a fixed width': [
      `<table style="table-layout:fixed;width:20px"><tr><td width="1">${evil('LOGIN')}</td><td><a href="https://bank.example">.</a></td></tr></table>`,
      'evil.example',
      'bank.example',
    ],
    'cells that overlap': [
      `<table><tr><td>a</td><td rowspan="2">${evil('LOGIN')}</td></tr><tr><td colspan="2" bgcolor="#ffffff"><a href="https://bank.example">.</a><br><br></td></tr></table>`,
      'evil.example',
      'bank.example',
    ],
    'a note of its own making': [
      `<span class="segl-to">bank.example</span> ${evil('<span class="segl-to">bank.example</span>')}`,
      'evil.example',
    ],
    'a float': `<div style="float:left;width:100%;background:#fff">bank.example</div>${evil('x', 'style="float:left"')}`,
    'very many hosts in one name': [
      `<a href="https://bank.example.${'a-'.repeat(20)}b.${'c'.repeat(60)}.${'d'.repeat(60)}.evil.example/">bank.example</a>`,
      `bank.example.${'a-'.repeat(20)}b.${'c'.repeat(60)}.${'d'.repeat(60)}.evil.example`,
    ],
    'a picture': evil('<img alt="bank.example" width="500" height="20">'),
    'nothing to press': evil(''),
    'a mail address with another in its name': [
      '<a href="mailto:%22boss@bank.example%22@evil.example">boss@bank.example</a>',
      '%22boss@bank.example%22@evil.example',
    ],
    'a link in a link, by a table': [
      `<a href="https://bank.example"><table><tr><td>${evil('bank.example')}</td></tr></table></a>`,
      'bank.example',
      'evil.example',
    ],
    'a name in a list without marks': `<ul style="list-style:none;padding:0;margin:0"><li style="display:inline">${evil('bank.example')}</li></ul>`,
    'a sheet that hides spans': `<style>span,a span{display:none!important;font-size:0!important}</style>${evil('bank.example')}`,
    'a sheet that names the note': `<style>.segl-to,[class=segl-to]{color:#fff!important;opacity:0!important}</style>${evil('bank.example')}`,
    'a sheet that paints everything white': `<style>*{color:#fff!important;background:#fff!important;line-height:0!important}</style>${evil('bank.example')}`,
    'a sheet with words before and after': `<style>*::after{content:"bank.example"}a:after{content:"bank.example";position:absolute}</style>${evil('x')}`,
    'a sheet that turns and moves': `<style>a,span{transform:scaleX(-1);direction:rtl!important;unicode-bidi:bidi-override!important;position:relative;left:-999px}</style>${evil('bank')}`,
    'a sheet that cuts': `<style>div,a{overflow:hidden!important;height:14px!important;width:60px!important;max-height:14px!important;display:block}</style><div>${evil('bank.example')}</div>`,
    'a sheet for narrow and wide windows': `<style>@media(min-width:1px){a>*{font-size:0!important;max-width:0!important;width:0!important}}</style>${evil('bank.example')}`,
    'a sheet with layers': `<style>@layer segl{.segl-to{display:none!important}}@layer a{span{display:none!important}}</style>${evil('bank.example')}`,
    'a sheet that lays one note over another': [
      `<style>.a{height:0;line-height:0}.b{margin-top:-18px;padding-left:110px}</style><div class="a">${evil('LOG IN')}</div><div class="b"><a href="https://bank.example">.</a></div>`,
      'evil.example',
      'bank.example',
    ],
    'upper case': evil('BANK.EXAMPLE', 'style="text-transform:lowercase;font-variant:small-caps"'),
  };
  return Object.entries(tricks).map(([name, trick]) => {
    const [html, ...targets] = typeof trick === 'string' ? [trick, 'evil.example'] : trick;
    return {
      name,
      html,
      targets: name === 'letters drawn over one another' ? ['evil.example', 'bank.example'] : targets,
    };
  });
}
