package sts

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sallyport-iam/sallyport/action"
)

// Parameters are those of one request, within AWS's constraints. It is the Mapper
// of its action.Operation, and immutable. The credential of a body is not part of it.
type Parameters struct {
	// Assumption has the parameters of AssumeRole and its kin, those included that
	// other operations share with it: Duration, Policy, PolicyARNs, Tags,
	// SerialNumber and TokenCode. Its Action is empty where nothing is assumed.
	action.Assumption
	// Name is the federated user's, of GetFederationToken.
	Name string
	// EncodedMessage is that of DecodeAuthorizationMessage, InfoKeyID the access
	// key id that GetAccessKeyInfo asks for.
	EncodedMessage, InfoKeyID string
}

// parameter is one that operations have. Its zero shape is text.
type parameter struct {
	name     string
	required bool
	// secret tells that no message repeats the value.
	secret bool
	shape  shape
	// min and max bound the characters of a text, the value of a number, the
	// members of a list.
	min, max int
	pattern  *pattern
	// members are the fields of a list's members: one without a name where these
	// are texts themselves.
	members []parameter
	put     func(r *reading, v *value)
	// unsupported says why it is refused; empty if it is read.
	unsupported string
}

type shape uint8

const (
	text shape = iota
	number
	list
)

// pattern is a set of characters, in AWS's words.
type pattern struct {
	text string
	has  func(r rune) bool
}

// The sets of characters of AWS's model. \w is that of ASCII.
var (
	nameCharacters   = &pattern{`[\w+=,.@-]*`, func(r rune) bool { return isWord(r) || strings.ContainsRune("+=,.@-", r) }}
	deviceCharacters = &pattern{`[\w+=/:,.@-]*`, func(r rune) bool { return isWord(r) || strings.ContainsRune("+=/:,.@-", r) }}
	externalIDs      = &pattern{`[\w+=,.@:\/-]*`, func(r rune) bool { return isWord(r) || strings.ContainsRune("+=,.@:/-", r) }}
	wordCharacters   = &pattern{`[\w]*`, isWord}
	digits           = &pattern{`[\d]*`, func(r rune) bool { return '0' <= r && r <= '9' }}
	policyCharacters = &pattern{`[\u0009\u000A\u000D\u0020-\u00FF]+`, func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xff
	}}
	arnCharacters = &pattern{`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0x7e || r == 0x85 || 0xa0 <= r && r <= 0xfffd || r >= 0x10000
	}}
	tagCharacters = func(quantity string) *pattern {
		return &pattern{`[\p{L}\p{Z}\p{N}_.:/=+\-@]` + quantity, func(r rune) bool {
			return unicode.In(r, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", r)
		}}
	}
)

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}

// The parameters, with the constraints of AWS's model and, where it has none, of
// AWS's reference.
var (
	roleARN = parameter{name: "RoleArn", min: 20, max: 2048, pattern: arnCharacters,
		put: func(r *reading, v *value) { r.RoleARN = v.text }}
	sessionName = parameter{name: "RoleSessionName", min: 2, max: 64, pattern: nameCharacters,
		put: func(r *reading, v *value) { r.SessionName = v.text }}
	policyARNs = &parameter{name: "PolicyArns", shape: list, max: 10,
		members: []parameter{{name: "arn", required: true, min: 20, max: 2048, pattern: arnCharacters}},
		put: func(r *reading, v *value) {
			for _, m := range v.members {
				r.PolicyARNs = append(r.PolicyARNs, m[0].text)
			}
		}}
	policy = &parameter{name: "Policy", min: 1, max: 2048, pattern: policyCharacters,
		put: func(r *reading, v *value) { r.Policy = v.text }}
	roleDuration = &parameter{name: "DurationSeconds", shape: number, min: 900, max: 43200, put: putDuration}
	userDuration = &parameter{name: "DurationSeconds", shape: number, min: 900, max: 129600, put: putDuration}
	tags         = &parameter{name: "Tags", shape: list, max: 50,
		members: []parameter{
			{name: "Key", required: true, min: 1, max: 128, pattern: tagCharacters("+")},
			{name: "Value", required: true, max: 256, pattern: tagCharacters("*")},
		},
		put: func(r *reading, v *value) {
			for _, m := range v.members {
				r.Tags = append(r.Tags, action.Tag{Key: m[0].text, Value: m[1].text})
			}
		}}
	transitiveTagKeys = &parameter{name: "TransitiveTagKeys", shape: list, max: 50,
		members: []parameter{{required: true, min: 1, max: 128, pattern: tagCharacters("+")}},
		put: func(r *reading, v *value) {
			for _, m := range v.members {
				r.TransitiveTagKeys = append(r.TransitiveTagKeys, m[0].text)
			}
		}}
	externalID = &parameter{name: "ExternalId", min: 2, max: 1224, pattern: externalIDs,
		put: func(r *reading, v *value) { r.ExternalID = v.text }}
	serialNumber = &parameter{name: "SerialNumber", min: 9, max: 256, pattern: deviceCharacters,
		put: func(r *reading, v *value) { r.SerialNumber = v.text }}
	tokenCode = &parameter{name: "TokenCode", secret: true, min: 6, max: 6, pattern: digits,
		put: func(r *reading, v *value) { r.TokenCode = v.text }}
	sourceIdentity = &parameter{name: "SourceIdentity", min: 2, max: 64, pattern: nameCharacters,
		put: func(r *reading, v *value) { r.SourceIdentity = v.text }}
	principalARN = parameter{name: "PrincipalArn", min: 20, max: 2048, pattern: arnCharacters,
		put: func(r *reading, v *value) { r.credential.ProviderARN = v.text }}
	samlAssertion = parameter{name: "SAMLAssertion", secret: true, min: 4, max: 100000,
		put: func(r *reading, v *value) { r.credential.Token = v.text }}
	webIdentityToken = parameter{name: "WebIdentityToken", secret: true, min: 4, max: 20000,
		put: func(r *reading, v *value) { r.credential.Token = v.text }}
	name = parameter{name: "Name", min: 2, max: 32, pattern: nameCharacters,
		put: func(r *reading, v *value) { r.Name = v.text }}
	encodedMessage = parameter{name: "EncodedMessage", min: 1, max: 10240,
		put: func(r *reading, v *value) { r.EncodedMessage = v.text }}
	accessKeyID = parameter{name: "AccessKeyId", min: 16, max: 128, pattern: wordCharacters,
		put: func(r *reading, v *value) { r.InfoKeyID = v.text }}
)

func putDuration(r *reading, v *value) { r.Duration = time.Duration(v.number) * time.Second }

func required(p parameter) *parameter {
	p.required = true
	return &p
}

func unsupported(name, why string) *parameter { return &parameter{name: name, unsupported: why} }

// field is the place of a field in the members of a list; -1 if there is none.
func (p *parameter) field(name string) int {
	return slices.IndexFunc(p.members, func(f parameter) bool { return f.name == name })
}

// describe says in short what values it takes.
func (p *parameter) describe() string {
	switch {
	case p.unsupported != "":
		return ""
	case p.shape == number:
		return fmt.Sprintf("%d to %d", p.min, p.max)
	case p.shape == list:
		out := fmt.Sprintf("up to %d", p.max)
		for i := range p.members {
			f := &p.members[i]
			if i == 0 {
				out += ", each "
			} else {
				out += " and "
			}
			if f.name != "" {
				out += "`" + f.name + "` "
			}
			out += f.describe()
		}
		return out
	}
	size := fmt.Sprintf("%d to %d characters", p.min, p.max)
	if p.min == p.max {
		size = fmt.Sprintf("%d characters", p.max)
	}
	if p.pattern == nil || p.pattern == arnCharacters {
		return size
	}
	return size + " of `" + p.pattern.text[:len(p.pattern.text)-1] + "`"
}
