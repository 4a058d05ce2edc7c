export { LOOPBACK_CERTIFICATE, startSmtpSink, type SmtpSink, type SunkMail } from './smtp-sink.ts';
export { carrierOf, SOME_MESSAGE_ID } from './carrier-of.ts';
export { mailShapes, type MailShape } from './mail-shapes.ts';
