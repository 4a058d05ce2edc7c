/** Closes what was opened, the last first, each even when another fails. */
export class Closing {
  private readonly steps: (() => unknown)[] = [];

  add<Thing>(thing: Thing, close: (thing: Thing) => unknown): Thing {
    this.steps.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    const faults: unknown[] = [];
    for (const step of this.steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'not everything closed cleanly');
  }
}
