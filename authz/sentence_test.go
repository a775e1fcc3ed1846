package authz_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
)

// TestSentence tells every sentence: of each layer, implicit and explicit, to callers
// of the account, of another and of none.
func TestSentence(t *testing.T) {
	t.Parallel()
	const (
		own   = "111111111111"
		alice = "arn:aws:iam::111111111111:user/alice"
		bare  = ` is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::bkt/k"`
	)
	type because struct{ implicit, explicit string }
	identity := because{"identity-based policy", "an identity-based policy"}
	// Of the layers of the account of what is asked for, only its own callers are told.
	callers := map[authz.Layer]because{
		authz.LayerIdentity: identity,
		authz.LayerBoundary: {"permissions boundary", "a permissions boundary"},
		authz.LayerSession:  {"session policy", "a session policy"},
		authz.LayerSCP:      {"service control policy", "a service control policy"},
	}
	owners := map[authz.Layer]because{
		authz.LayerResource: {"resource-based policy", "a resource-based policy"},
		authz.LayerRCP:      {"resource control policy", "a resource control policy"},
		authz.LayerEndpoint: {"VPC endpoint policy", "a VPC endpoint policy"},
		authz.LayerTrust:    {"role trust policy", "the role trust policy"},
	}
	who := []struct{ arn, account, owner string }{
		{alice, own, own}, {alice, own, "222222222222"}, {alice, own, ""}, {"", "", own}, {"", "", ""}, {"anonymous", "", own}, {"", own, own},
	}
	for layer := authz.LayerNone; layer <= authz.LayerTrust+1; layer++ {
		for _, effect := range []authz.Effect{authz.ImplicitDeny, authz.ExplicitDeny, authz.Allow} {
			for _, w := range who {
				c := &authz.Caller{ARN: w.arn, Account: w.account}
				a := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: w.owner}
				reason, told := callers[layer]
				if !told && w.account != "" && w.account == w.owner {
					reason, told = owners[layer]
				}
				want := "User: " + w.arn + bare
				if w.arn == "" {
					want = "User: anonymous" + bare
				}
				switch {
				case effect == authz.Allow:
					want = ""
				case told && effect == authz.ExplicitDeny:
					want += " with an explicit deny in " + reason.explicit
				case told:
					want += " because no " + reason.implicit + " allows the s3:GetObject action"
				}
				d := authz.Decision{Effect: effect, Layer: layer}
				if got := d.Sentence(c, a); got != want {
					t.Errorf("%s by %s, %+v:\n got %s\nwant %s", effect, layer, w, got, want)
				}
				for _, room := range []int{2, 16, 384} {
					buffer := append(make([]byte, 0, room), "ab"...)
					if got := d.AppendSentence(buffer, c, a); string(got) != "ab"+want {
						t.Errorf("%s by %s, %+v, in room for %d: %s", effect, layer, w, room, got)
					}
				}
			}
		}
	}
}
