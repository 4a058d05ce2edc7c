import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { destinationIn } from './destination.mjs';

describe('where an image is brought', () => {
  it.each([
    ['docker://registry.example.com/segl:0.1.0', 'registry.example.com/segl'],
    ['docker://registry.example.com:5000/mail/segl:0.1.0', 'registry.example.com:5000/mail/segl'],
    ['docker://registry.example.com:5000/segl', 'registry.example.com:5000/segl'],
    ['docker-archive:no-such-place/segl.tar', null],
    ['oci-archive:no-such-place/segl.tar:segl:0.1.0', null],
  ])('%s is in the repository %s', (reference, repository) => {
    expect(destinationIn(['node', 'build-image.mjs', '--to', reference])).toEqual({ reference, repository });
    expect(destinationIn(['node', 'build-image.mjs', `--to=${reference}`])).toEqual({ reference, repository });
  });

  it('is nowhere where nothing is said', () => {
    expect(destinationIn(['node', 'build-image.mjs', '--make-base'])).toBeNull();
  });

  it.each([[['--to']], [['--to', 'segl.tar']], [['--to=']], [['--to', '--make-base']]])(
    '%j is refused, with an example',
    (args) => {
      expect(() => destinationIn(args)).toThrow(/^--to needs a place, such as docker:\/\/.*docker-archive:/);
    },
  );

  it('is no file that is there already', () => {
    const file = fileURLToPath(import.meta.url);
    expect(() => destinationIn(['--to', `docker-archive:${file}`])).toThrow(`${file} is there already`);
    expect(() => destinationIn(['--to', `docker-archive:${file}:segl:0.1.0`])).toThrow(`${file} is there already`);
  });
});
