export { attackOnAYear } from './attack-on-a-year.ts';
