import { Command } from 'commander';
import type { Operator } from '../operator.ts';
import { keysBackupIdentityCommand } from './keys-backup-identity.ts';
import { keysDestroyCommand } from './keys-destroy.ts';
import { keysInitCommand } from './keys-init.ts';
import { keysListCommand } from './keys-list.ts';
import { keysRewrapCommand } from './keys-rewrap.ts';
import { keysRotateCommand } from './keys-rotate.ts';

export function keysCommand(operator: Operator): Command {
  const command = new Command('keys').description('make, list, rotate and destroy the keys of the keyring');
  for (const commandOf of [
    keysInitCommand,
    keysListCommand,
    keysRotateCommand,
    keysDestroyCommand,
    keysRewrapCommand,
    keysBackupIdentityCommand,
  ]) {
    command.addCommand(commandOf(operator));
  }
  return command;
}
