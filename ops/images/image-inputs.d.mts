export function imageInputs(root: string): string[];
export function digestOfInputs(root: string, base: string): string;
