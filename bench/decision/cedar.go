package decision

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/cedar-policy/cedar-go"
)

// loadCedar writes a policy for each rule. A rule for a whole bucket is one for
// what is in that entity, the cheapest form that Cedar has; others compare the
// key, or the whole name where a wildcard is in the bucket's.
func loadCedar(w *Workload) (Engine, error) {
	var text strings.Builder
	for _, r := range w.Rules() {
		if len(r.UserAgents) > 0 || len(r.Resources) > 1 || strings.Contains(r.Action, "*") {
			return Engine{}, ErrCannotSay
		}
		effect := "permit"
		if r.Deny {
			effect = "forbid"
		}
		scope, conditions := "resource", []string(nil)
		switch bucket, key, _ := strings.Cut(r.Resources[0], "/"); {
		case strings.Contains(bucket, "*"):
			conditions = append(conditions, fmt.Sprintf("resource.name like %q", r.Resources[0]))
		case key == "*":
			scope = fmt.Sprintf("resource in Bucket::%q", bucket)
		default:
			scope = fmt.Sprintf("resource in Bucket::%q", bucket)
			conditions = append(conditions, fmt.Sprintf("resource.key like %q", key))
		}
		if len(r.Networks) > 0 {
			ranges := make([]string, len(r.Networks))
			for i, network := range r.Networks {
				ranges[i] = fmt.Sprintf("context.ip.isInRange(ip(%q))", network.String())
			}
			conditions = append(conditions, strings.Join(ranges, " || "))
		}
		fmt.Fprintf(&text, "%s (principal, action == Action::%q, %s)", effect, r.Action, scope)
		for _, c := range conditions {
			fmt.Fprintf(&text, " when { %s }", c)
		}
		text.WriteString(";\n")
	}
	policies, err := cedar.NewPolicySetFromBytes("rules.cedar", []byte(text.String()))
	if err != nil {
		return Engine{}, err
	}
	requests := make([]cedar.Request, len(w.Questions))
	entities := make([]cedar.EntityMap, len(w.Questions))
	for i := range w.Questions {
		requests[i], entities[i] = cedarQuestion(&w.Questions[i])
	}
	return Engine{Ask: func(i int) bool {
		decision, _ := cedar.Authorize(policies, entities[i], requests[i])
		return decision == cedar.Allow
	}}, nil
}

func cedarQuestion(q *Question) (cedar.Request, cedar.EntityMap) {
	bucket := cedar.NewEntityUID("Bucket", cedar.String(q.Bucket))
	object := cedar.NewEntityUID("Object", cedar.String(q.object()))
	entities := cedar.EntityMap{
		bucket: {UID: bucket},
		object: {UID: object, Parents: cedar.NewEntityUIDSet(bucket), Attributes: cedar.NewRecord(cedar.RecordMap{
			"name": cedar.String(q.object()), "key": cedar.String(q.Key),
		})},
	}
	return cedar.Request{
		Principal: cedar.NewEntityUID("User", "alice"),
		Action:    cedar.NewEntityUID("Action", Action),
		Resource:  object,
		Context: cedar.NewRecord(cedar.RecordMap{
			"ip": cedar.IPAddr(netip.PrefixFrom(q.SourceIP, q.SourceIP.BitLen())),
		}),
	}, entities
}
