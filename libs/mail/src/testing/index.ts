export { LOOPBACK_CERTIFICATE, startSmtpSink, type SmtpSink, type SunkMail } from './smtp-sink.ts';
