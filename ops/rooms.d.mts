export const rooms: Readonly<Record<string, readonly string[]>>;
export const roomsInTests: Readonly<Record<string, readonly string[]>>;
export const housesOfSteps: Readonly<Record<string, readonly string[]>>;
