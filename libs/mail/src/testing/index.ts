export { hostileHtml } from './hostile-html.ts';
export { hostileStyles } from './hostile-styles.ts';
export { LOOPBACK_CERTIFICATE, startSmtpSink, type SmtpSink, type SunkMail } from './smtp-sink.ts';
export { SOME_MESSAGE_ID, carrierOf } from './carrier-of.ts';
export { mailShapes } from './mail-shapes.ts';
export { mailFrom, oddFromFields, type OddFrom } from './odd-from-fields.ts';
export { activePdfs, pdfOf, pdfScript } from './pdf-making.ts';
