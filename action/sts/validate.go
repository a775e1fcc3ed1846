package sts

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

// violations are what values fail to satisfy, in AWS's words.
type violations []string

// refusal says all of them at once; nil if there are none.
func (v violations) refusal() *wire.Refusal {
	const most = 10
	shown := v[:min(len(v), most)]
	switch len(v) {
	case 0:
		return nil
	case 1:
		return validationError("1 validation error detected: " + v[0])
	}
	return validationError(fmt.Sprintf("%d validation errors detected: %s", len(v), strings.Join(shown, "; ")))
}

func (v *violations) add(p *parameter, sent *value, at, constraint string) {
	shown := "Value"
	switch {
	case !sent.sent:
		shown = "Value null"
	case p.secret:
	case p.shape == list:
		shown = fmt.Sprintf("Value '[%d members]'", len(sent.members))
	default:
		shown = "Value '" + shortValue(sent.text) + "'"
	}
	*v = append(*v, shown+" at '"+at+"' failed to satisfy constraint: Member must "+constraint)
}

// check checks one parameter against its constraints and reads numbers.
func (v *violations) check(p *parameter, sent *value, at string) {
	switch {
	case !sent.sent && p.required:
		v.add(p, sent, at, "not be null")
	case !sent.sent:
	case p.shape == number:
		v.checkNumber(p, sent, at)
	case p.shape == list:
		v.checkList(p, sent, at)
	default:
		v.checkText(p, sent, at)
	}
}

func (v *violations) checkNumber(p *parameter, sent *value, at string) {
	n, err := strconv.ParseInt(sent.text, 10, 64)
	switch {
	case err != nil || strconv.FormatInt(n, 10) != sent.text:
		v.add(p, sent, at, "be an integer")
	case n < int64(p.min):
		v.add(p, sent, at, "have value greater than or equal to "+strconv.Itoa(p.min))
	case n > int64(p.max):
		v.add(p, sent, at, "have value less than or equal to "+strconv.Itoa(p.max))
	default:
		sent.number = int(n)
	}
}

func (v *violations) checkText(p *parameter, sent *value, at string) {
	length := utf8.RuneCountInString(sent.text)
	if length > p.max {
		v.add(p, sent, at, "have length less than or equal to "+strconv.Itoa(p.max))
	}
	if length < p.min {
		v.add(p, sent, at, "have length greater than or equal to "+strconv.Itoa(p.min))
	}
	if p.pattern != nil && strings.IndexFunc(sent.text, func(r rune) bool { return !p.pattern.has(r) }) >= 0 {
		v.add(p, sent, at, "satisfy regular expression pattern: "+p.pattern.text)
	}
}

func (v *violations) checkList(p *parameter, sent *value, at string) {
	if len(sent.members) > p.max {
		v.add(p, sent, at, "have length less than or equal to "+strconv.Itoa(p.max))
		return
	}
	for i := range sent.members {
		for j := range p.members {
			field := &p.members[j]
			path := fmt.Sprintf("%s.%d.member", at, i+1)
			if field.name != "" {
				path += "." + lowerFirst(field.name)
			}
			v.check(field, &sent.members[i][j], path)
		}
	}
}

// shortValue is a value as far as a message repeats it.
func shortValue(value string) string {
	const most = 256
	if len(value) <= most {
		return value
	}
	return strings.ToValidUTF8(value[:most], "") + "…"
}

// checkMeaning checks what AWS's model does not say, and what follows from several
// parameters.
func (r *reading) checkMeaning() *wire.Refusal {
	var wrong []string
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }
	if r.RoleARN != "" && !isIAM(r.RoleARN, "role/") {
		say("%s is invalid: it is no ARN of a role", shortValue(r.RoleARN))
	}
	if arn := r.credential.ProviderARN; arn != "" && !isIAM(arn, "saml-provider/") {
		say("%s is invalid: it is no ARN of a SAML provider", shortValue(arn))
	}
	for _, arn := range r.PolicyARNs {
		if !isIAM(arn, "policy/") {
			say("%s is invalid: it is no ARN of a policy", shortValue(arn))
		}
	}
	keys := make(map[string]bool, len(r.Tags))
	for _, t := range r.Tags {
		// Tags are told apart as condition keys are: without case.
		switch key := strings.ToLower(t.Key); {
		case strings.HasPrefix(key, "aws:"):
			say("the tag key %s is invalid: keys must not begin with aws:", t.Key)
		case keys[key]:
			say("Duplicate tag keys found: %s. Please note that Tag keys are case insensitive", t.Key)
		default:
			keys[key] = true
		}
	}
	transitive := make(map[string]bool, len(r.TransitiveTagKeys))
	for _, k := range r.TransitiveTagKeys {
		key := strings.ToLower(k)
		if !keys[key] {
			say("the transitive tag key %s is not one of the tags", k)
		}
		if transitive[key] {
			say("the transitive tag key %s is given more than once", k)
		}
		transitive[key] = true
	}
	switch {
	case len(wrong) > 0:
		return validationError(strings.Join(wrong[:min(len(wrong), 10)], "; "))
	case (r.SerialNumber == "") != (r.TokenCode == ""):
		return incompleteMFA()
	}
	return nil
}

// isIAM tells whether an ARN is one of IAM, of an account (or, for policies, of
// AWS), and of a resource of a kind such as "role/".
func isIAM(arn, kind string) bool {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[1] == "" || parts[2] != "iam" || parts[3] != "" {
		return false
	}
	name, ok := strings.CutPrefix(parts[5], kind)
	if !ok || name == "" || strings.HasSuffix(name, "/") || strings.ContainsAny(name, "*?:") {
		return false
	}
	for i := 0; i < len(arn); i++ {
		if arn[i] <= ' ' || arn[i] > '~' {
			return false
		}
	}
	return isAccount(parts[4]) || kind == "policy/" && parts[4] == "aws"
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// accountOf is the account of an ARN that isIAM.
func accountOf(arn string) string { return strings.SplitN(arn, ":", 6)[4] }
