package session

import (
	"encoding/json"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
)

// maxDenial bounds the message of a denial in bytes, so that sealed and encoded it is
// at most the 10,240 characters that DecodeAuthorizationMessage takes.
const maxDenial = 7000

// Denial is what DecodeAuthorizationMessage tells of a denied access, as JSON for
// SealMessage: why it was denied, who asked for what, and the condition keys. Of
// more keys than there is room for, the last ones are left out.
//
// It is read in the caller's account, and tells no more of another one's than the
// sentence of the decision does: neither the statement that denied, nor whose the
// resource is and its tags.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
func Denial(caller *authz.Caller, request *authz.Request, access *authz.Access, d authz.Decision) []byte {
	disclosed := d.Disclosed(caller, access)
	m := denial{Allowed: d.Allowed(), ExplicitDeny: d.Effect == authz.ExplicitDeny && disclosed}
	m.Matched.Items, m.Failures.Items = []statement{}, []string{}
	if s := d.Statement; s != nil && disclosed {
		effect := "ALLOW"
		if m.ExplicitDeny {
			effect = "DENY"
		}
		m.Matched.Items = append(m.Matched.Items, statement{ID: s.Sid, Effect: effect, Policy: s.Policy})
	}
	c := &m.Context
	c.Principal = principal{ID: caller.ID, Name: caller.ARN[strings.LastIndexByte(caller.ARN, '/')+1:], ARN: caller.ARN}
	c.Action, c.Resource = access.Action, access.Resource
	c.Conditions.Items = []condition{}
	text, _ := json.Marshal(&m) // it holds nothing that JSON does not
	if len(text) > maxDenial {
		c.Resource = strings.ToValidUTF8(c.Resource[:min(len(c.Resource), 512)], "") + "…"
		text, _ = json.Marshal(&m)
	}
	size := len(text)
	for _, keys := range []*authz.Context{&access.Keys, &request.Keys, &caller.Keys} {
		for name, value := range keys.All() {
			if !value.Usable() || isOfResource(name) && access.Account != caller.Account {
				continue
			}
			item := condition{Key: name}
			values, many := value.List()
			if one, single := value.Single(); single && !many {
				values = []string{one}
			}
			for _, v := range values {
				item.Values.Items = append(item.Values.Items, conditionValue{v})
			}
			part, _ := json.Marshal(&item)
			if size += len(part) + 1; size > maxDenial {
				size -= len(part) + 1
				continue
			}
			c.Conditions.Items = append(c.Conditions.Items, item)
		}
	}
	text, _ = json.Marshal(&m)
	return text
}

// isOfResource tells of a condition key that what is asked for has it, not the request.
func isOfResource(name string) bool {
	if name == "aws:resourceaccount" || name == "s3:resourceaccount" {
		return true
	}
	for _, family := range [...]string{action.ObjectTags, "s3:buckettag/", "aws:resourcetag/", "iam:resourcetag/"} {
		if strings.HasPrefix(name, family) {
			return true
		}
	}
	return false
}

// items is how AWS has lists in such messages.
type items[T any] struct {
	Items []T `json:"items"`
}

type denial struct {
	Allowed      bool             `json:"allowed"`
	ExplicitDeny bool             `json:"explicitDeny"`
	Matched      items[statement] `json:"matchedStatements"`
	Failures     items[string]    `json:"failures"`
	Context      struct {
		Principal  principal        `json:"principal"`
		Action     string           `json:"action"`
		Resource   string           `json:"resource"`
		Conditions items[condition] `json:"conditions"`
	} `json:"context"`
}

// statement is the one that decided. Policy is an addition of ours.
type statement struct {
	ID     string `json:"statementId"`
	Effect string `json:"effect"`
	Policy string `json:"policy"`
}

type principal struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	ARN  string `json:"arn"`
}

type condition struct {
	Key    string                `json:"key"`
	Values items[conditionValue] `json:"values"`
}

type conditionValue struct {
	Value string `json:"value"`
}
