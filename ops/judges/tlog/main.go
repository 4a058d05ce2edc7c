// Reads a published ledger as others' tools do: C2SP signed notes, checkpoints and tlog-tiles by golang.org/x/mod and
// filippo.io/torchwood. Prints "<size> entries, <bytes> bytes" when every entry is in the tree that the checkpoint signs.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := judge(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judge(prefix, vkey string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	fetcher, err := torchwood.NewTileFetcher(prefix)
	if err != nil {
		return err
	}
	signed, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	if err != nil {
		return err
	}
	if checkpoint.Origin != verifier.Name() {
		return fmt.Errorf("origin %q is not the key's name", checkpoint.Origin)
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		return err
	}
	var count, size int64
	for index, entry := range client.AllEntries(ctx, checkpoint.Tree, 0) {
		if index != count {
			return fmt.Errorf("entry %d where %d was due", index, count)
		}
		count, size = count+1, size+int64(len(entry))
	}
	if err := client.Err(); err != nil {
		return err
	}
	if count != checkpoint.N {
		return fmt.Errorf("%d entries, %d signed", count, checkpoint.N)
	}
	// One entry by its own proof, as somebody does who wants to know of that one alone.
	entry, proof, err := client.Entry(ctx, checkpoint.Tree, count/2)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, checkpoint.N, checkpoint.Hash, count/2, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("%d entries, %d bytes\n", count, size)
	return nil
}
