//go:build !race

package upstream_test

import (
	"context"
	"io"
	"testing"
)

// TestMemoryOfAnExchange: what is given back serves the next exchange. New are the
// text of the answer, that of the signature, and what ends the exchange with ctx.
func TestMemoryOfAnExchange(t *testing.T) {
	const runs = 200
	store := serve(t, func(c *connection) {
		for answer := []byte(ok); ; {
			line, err := c.reader.ReadSlice('\n') // which allocates nothing
			if err != nil {
				return
			}
			if len(line) == len("\r\n") {
				_, _ = c.Write(answer)
			}
		}
	})
	u, _ := open(t, store.url, nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	call := get("GET", "/k")
	exchange := func() {
		resp, refusal := u.Do(ctx, call)
		if refusal != nil || resp.Status != 200 || resp.Free == nil {
			t.Fatal(resp, refusal)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		resp.Free()
	}
	exchange()
	if n := testing.AllocsPerRun(runs, exchange); n > 4 {
		t.Errorf("an exchange allocates %v times, want at most 4", n)
	}
}
