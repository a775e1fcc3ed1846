//go:build unix

package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// visitors is the policy that the tour edits, within the bundle: that of the
// group that bob is in.
const visitors = "groups/visitors/read-public.json"

// inForceWithin is how long an edit may take to be in force, or to be refused.
const inForceWithin = 30 * time.Second

func (g *Guide) visitorsFile() string {
	return filepath.Join(g.Bundle, "accounts", Account, filepath.FromSlash(visitors))
}

// grantBob adds a statement to the visitors' policy, as an editor does, and
// waits until /status shows another revision.
func grantBob(ctx context.Context, g *Guide) (Answer, error) {
	text, err := os.ReadFile(g.visitorsFile())
	if err != nil {
		return Answer{}, err
	}
	var document struct {
		Version   string
		Statement []any
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return Answer{}, fmt.Errorf("%s: %w", visitors, err)
	}
	document.Statement = append(document.Statement, map[string]any{
		"Sid": "ReadDraft", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + reports + "/" + draft,
	})
	if text, err = json.MarshalIndent(document, "", "  "); err != nil {
		return Answer{}, err
	}
	_, _, err = g.edit(ctx, text, func(before, now sallyport.Status) bool { return now.Bundle.Revision != before.Bundle.Revision })
	if err != nil {
		return Answer{}, err
	}
	return Answer{Verdict: Done, Reason: "/status shows the new revision: it is in force"}, nil
}

// breakVisitors misspells a member of the policy and waits until /status says
// so.
func breakVisitors(ctx context.Context, g *Guide) (Answer, error) {
	text, err := os.ReadFile(g.visitorsFile())
	if err != nil {
		return Answer{}, err
	}
	text = bytes.Replace(text, []byte(`"Effect"`), []byte(`"Efect"`), 1)
	before, now, err := g.edit(ctx, text, func(_, now sallyport.Status) bool { return now.Bundle.LastError != "" })
	if err != nil {
		return Answer{}, err
	}
	if now.Bundle.Revision != before.Bundle.Revision {
		return Answer{Verdict: Failed, Reason: "the broken policy is in force"}, nil
	}
	return Answer{Verdict: Done, Reason: "the last good revision stays in force, and /status says: " + now.Bundle.LastError}, nil
}

// edit writes the policy and waits until the status has become what done says.
func (g *Guide) edit(ctx context.Context, text []byte, done func(before, now sallyport.Status) bool) (before, after sallyport.Status, err error) {
	if before, err = g.Server.Status(ctx); err != nil {
		return before, after, err
	}
	if err := os.WriteFile(g.visitorsFile(), text, 0o644); err != nil {
		return before, after, err
	}
	ctx, cancel := context.WithTimeout(ctx, inForceWithin)
	defer cancel()
	after, err = g.Server.Await(ctx, func(now sallyport.Status) bool { return done(before, now) })
	return before, after, err
}
