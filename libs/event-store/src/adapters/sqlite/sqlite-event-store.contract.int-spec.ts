import { eventStoreContract, openTemporarySqlite } from '../../testing/index.ts';

eventStoreContract('sqlite', openTemporarySqlite);
