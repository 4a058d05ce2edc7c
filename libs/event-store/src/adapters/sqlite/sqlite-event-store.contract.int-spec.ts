import { eventStoreContract, importContract, openTemporarySqlite } from '../../testing/index.ts';

eventStoreContract('sqlite', openTemporarySqlite);
importContract('sqlite', openTemporarySqlite);
