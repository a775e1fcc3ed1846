package proxy

import (
	"context"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// decide asks for each access. All must be allowed, except where the protocol
// answers item by item and the door can take items out.
func (v *Verdict) decide(ctx context.Context) *wire.Refusal {
	items := v.mapped.PerItem
	if items != nil {
		v.refused = make([]*wire.Refusal, items.Items())
	}
	if v.accesses = v.one[:1]; len(v.mapped.Accesses) != 1 {
		v.accesses = make([]audit.Access, len(v.mapped.Accesses))
	}
	tagged := v.tagged()
	var first *wire.Refusal
	// held is the denial by tags of a copy's source, told only to whom may read
	// them: the denial of reading comes before it. It is of the access heldBy.
	var held *wire.Refusal
	heldBy := 0
	for i := range v.mapped.Accesses {
		if i == tagged && !v.copiesTags(ctx) {
			v.accesses = v.accesses[:i]
			break
		}
		if held != nil && i > tagged {
			break // the first of these is to read the tags, the others are to write them
		}
		a := &v.mapped.Accesses[i]
		d, bySource, unread := v.decideAccess(ctx, i)
		v.accesses[i] = audit.Access{Action: a.Action, Resource: a.Resource, Account: a.Account, Decision: d}
		if d.Allowed() {
			continue
		}
		if v.observes() {
			v.accesses[i].Observed = true
			continue
		}
		r := unread
		if r == nil {
			r = v.denied(a, d)
		}
		if first == nil {
			first = r
		}
		if items == nil && bySource {
			if held == nil {
				held, heldBy = r, i
			}
			continue
		}
		if items == nil {
			// The rest is not decided: the record shows what was.
			v.accesses = v.accesses[:i+1]
			return r
		}
		if item := items.Item(i); v.refused[item] == nil {
			v.refused[item] = r
		}
	}
	if held != nil {
		v.accesses = v.accesses[:heldBy+1]
		return held
	}
	if items == nil || first == nil {
		v.kept = true
		return nil
	}
	if !v.door.Can.RewriteBody || !v.door.Can.Response || v.passesThrough() {
		return first
	}
	for _, r := range v.refused {
		v.kept = v.kept || r == nil
	}
	return nil
}

// observes tells whether what policies deny to the caller passes. What is
// answered here and not by the upstream was never open to anybody.
func (v *Verdict) observes() bool {
	return v.Route.Observe && v.Route.Answers == nil && !v.isAnonymous() && v.mapped.Answer == nil
}

// exempt records what needs no permission.
func (v *Verdict) exempt() {
	for i := range v.mapped.Accesses {
		a := &v.mapped.Accesses[i]
		v.accesses = append(v.accesses, audit.Access{Action: a.Action, Resource: a.Resource, Account: a.Account, Exempt: true})
	}
}

// ask decides one access with everything the snapshot attaches to it.
func (v *Verdict) ask(a *authz.Access) authz.Decision {
	FillBucket(a, v.snapshot)
	return v.evaluate(v.snapshot.Generation(), v.caller, &v.request, a)
}

// bucketOf is the bucket of an S3 bucket's or object's ARN.
func bucketOf(arn string) (string, bool) {
	_, rest, ok := strings.Cut(arn, ":s3:::")
	if !ok {
		return "", false
	}
	bucket, _, _ := strings.Cut(rest, "/")
	return bucket, true
}

// usualSentence is the most bytes of the sentence of a denial, but of long names.
const usualSentence = 384

// denied is AWS's answer to a denial: the sentence with its reason for a
// caller who may know it, the bare one otherwise.
func (v *Verdict) denied(a *authz.Access, d authz.Decision) *wire.Refusal {
	r := &v.denial
	if r.Status != 0 { // of another access
		r = new(wire.Refusal)
	}
	*r = wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Access Denied"}
	if v.caller.Type != authz.Anonymous {
		var room [usualSentence]byte
		r.Message = wire.TextOf(d.AppendSentence(room[:0], v.caller, a))
	}
	return r
}

// encoded is the refusal with what it does not say openly, for
// sts:DecodeAuthorizationMessage, where the route tells that and there is room.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
func (v *Verdict) encoded() *wire.Refusal {
	if v.Route == nil || !v.Route.EncodedMessages || v.door.Can.AnswerLimit > 0 || v.isAnonymous() || v.Refusal.Code != "AccessDenied" {
		return v.Refusal
	}
	denied := slices.IndexFunc(v.accesses, func(a audit.Access) bool { return !a.Decision.Allowed() && !a.Observed && !a.Exempt })
	if denied < 0 || denied >= len(v.mapped.Accesses) || v.mapped.Assume != nil {
		return v.Refusal // it was not one of the request's own
	}
	message := session.SealMessage(v.snapshot, v.caller.Account, session.Denial(v.caller, &v.request, &v.mapped.Accesses[denied], v.accesses[denied].Decision))
	if message == "" {
		return v.Refusal
	}
	r := *v.Refusal
	r.Message += ". Encoded authorization failure message: " + message
	return &r
}

func anyRefused(refused []*wire.Refusal) bool {
	for _, r := range refused {
		if r != nil {
			return true
		}
	}
	return false
}
