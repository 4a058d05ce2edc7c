import { auditFigures, auditTrail, ledgerProjection } from '#libs/audit';
import { telemetryCounts } from '#libs/telemetry';

/** Every read model of an installation, in the one file that its processes and `segl` share. */
export const PROJECTIONS = [auditTrail, auditFigures, ledgerProjection, telemetryCounts] as const;
