export { unpackBackup, type Unpacked } from './unpack-backup.ts';
export { writeBackup, type BackupSummary } from './write-backup.ts';
