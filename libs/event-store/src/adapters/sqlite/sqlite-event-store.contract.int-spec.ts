import { eventStoreContract, importContract, openTemporarySqlite, removalContract } from '../../testing/index.ts';

eventStoreContract('sqlite', openTemporarySqlite);
importContract('sqlite', openTemporarySqlite);
removalContract('sqlite', openTemporarySqlite);
