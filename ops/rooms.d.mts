export const rooms: Readonly<Record<string, readonly string[]>>;
export const roomsInTests: Readonly<Record<string, readonly string[]>>;
