package audit

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/authz"
)

// appendLine writes the record as a line of JSON, with CloudTrail's member names
// where it has one. Members that say nothing are left out.
func (r *Record) appendLine(b []byte) []byte {
	b = append(b, `{"eventTime":"`...)
	b = append(appendMilliseconds(b, r.Time.UTC()), '"')
	if r.Service != "" {
		b = appendString(b, `,"eventSource":`, r.Service)
		b = append(b[:len(b)-1], `.amazonaws.com"`...)
	}
	b = appendTold(b, `,"eventName":`, r.Operation)
	b = appendString(b, `,"requestID":`, r.ID)
	b = appendString(b, `,"sourceIPAddress":`, r.SourceIP)
	b = appendTold(b, `,"userAgent":`, r.UserAgent)
	b = appendTold(b, `,"errorCode":`, r.ErrorCode)
	b = appendTold(b, `,"errorMessage":`, r.ErrorMessage)
	b = appendTold(b, `,"cause":`, r.Cause)
	if r.Caller != nil {
		b = r.appendIdentity(b)
	}
	b = appendTold(b, `,"door":`, r.Door)
	b = appendTold(b, `,"route":`, r.Route)
	b = appendString(b, `,"method":`, r.Method)
	b = appendString(b, `,"host":`, r.Host)
	b = appendString(b, `,"path":`, r.Path)
	b = appendTold(b, `,"sourcePrincipal":`, r.SourcePrincipal)
	b = appendTold(b, `,"sourceRequestID":`, r.SourceRequestID)
	if r.Status != 0 {
		b = strconv.AppendInt(append(b, `,"status":`...), int64(r.Status), 10)
	}
	if r.PayloadUnread {
		b = append(b, `,"payloadVerified":false`...)
	}
	b = appendTold(b, `,"upstreamRequestID":`, r.UpstreamRequestID)
	b = appendTold(b, `,"revision":`, r.Revision)
	b = strconv.AppendUint(append(b, `,"generation":`...), r.Generation, 10)
	b = strconv.AppendFloat(append(b, `,"elapsedMs":`...), float64(r.Elapsed.Microseconds())/1000, 'f', -1, 64)
	if r.Unrecorded > 0 {
		b = strconv.AppendUint(append(b, `,"unrecorded":`...), r.Unrecorded, 10)
	}
	if r.Assumption != nil {
		b = r.Assumption.append(b)
	}
	if r.Issued != nil {
		b = r.Issued.append(b)
	}
	b = appendAccesses(b, `,"trust":[`, r.Trust)
	b = appendAccesses(b, `,"accesses":[`, r.Accesses)
	return append(b, '}', '\n')
}

// appendMilliseconds writes a time of UTC. Seconds in this form are what package time
// writes fastest.
func appendMilliseconds(b []byte, t time.Time) []byte {
	b = t.AppendFormat(b, time.RFC3339)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(b[:len(b)-len("Z")], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

func appendAccesses(b []byte, member string, accesses []Access) []byte {
	for i := range accesses {
		if i == 0 {
			b = append(b, member...)
		} else {
			b = append(b, ',')
		}
		b = accesses[i].append(b)
		if i == len(accesses)-1 {
			b = append(b, ']')
		}
	}
	return b
}

func appendInt(b []byte, member string, n int64) []byte {
	return strconv.AppendInt(append(b, member...), n, 10)
}

// appendIdentity writes who asked.
func (r *Record) appendIdentity(b []byte) []byte {
	b = appendString(b, `,"userIdentity":{"type":`, typeName(r.Caller.Type))
	b = appendTold(b, `,"principalId":`, r.Caller.ID)
	b = appendTold(b, `,"arn":`, r.Caller.ARN)
	b = appendTold(b, `,"accountId":`, r.Caller.Account)
	b = appendTold(b, `,"accessKeyId":`, r.AccessKeyID)
	b = appendTold(b, `,"authentication":`, r.Authentication)
	if r.Session != nil {
		b = r.Session.append(b, r.Caller)
	}
	if f := r.Federated; f != nil {
		b = appendTold(b, `,"userName":`, f.Subject)
		b = appendTold(b, `,"identityProvider":`, f.Provider)
	}
	return append(b, '}')
}

func typeName(t authz.PrincipalType) string {
	switch t {
	case authz.Root:
		return "Root"
	case authz.User:
		return "IAMUser"
	case authz.AssumedRole:
		return "AssumedRole"
	case authz.FederatedUser:
		return "FederatedUser"
	case authz.WebIdentity:
		return "WebIdentityUser"
	case authz.SAML:
		return "SAMLUser"
	case authz.Service:
		return "AWSService"
	default:
		return "Anonymous"
	}
}

// append writes one decision and the statement that made it. One that could not be
// made, for what it Needs could not be read, is no denial by a policy and has
// neither layer nor statement.
func (a *Access) append(b []byte) []byte {
	b = appendString(b, `{"action":`, a.Action)
	b = appendString(b, `,"resource":`, a.Resource)
	b = appendString(b, `,"accountId":`, a.Account)
	if a.Exempt {
		return append(b, `,"decision":"notRequired"}`...)
	}
	if a.Decision.Needs == "" {
		b = appendString(b, `,"decision":`, a.Decision.Effect.String())
		b = appendTold(b, `,"layer":`, a.Decision.Layer.String())
	} else {
		b = appendString(b, `,"decision":`, "undecided")
		b = appendString(b, `,"unread":`, a.Decision.Needs)
	}
	if a.Observed {
		b = append(b, `,"enforced":false`...)
	}
	if s := a.Decision.Statement; s != nil {
		b = append(b, `,"statement":{`...)
		at := len(b)
		b = appendTold(b, `,"policy":`, s.Policy)
		b = appendTold(b, `,"sid":`, s.Sid)
		b = strconv.AppendInt(append(b, `,"index":`...), int64(s.Index), 10)
		b = appendTold(b, `,"file":`, s.File)
		b = strconv.AppendInt(append(b, `,"line":`...), int64(s.Line), 10)
		b = append(append(b[:at], b[at+1:]...), '}') // without the first comma
	}
	return append(b, '}')
}

// appendTold writes a member unless its value is empty.
func appendTold(b []byte, member, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(b, member, value)
}

// appendString writes a member, whose name comes with what stands around it.
func appendString(b []byte, member, value string) []byte {
	b = append(append(b, member...), '"')
	written := 0
	for i := 0; i < len(value); {
		if i+8 <= len(value) && arePlain(value[i:i+8]) {
			i += 8
			continue
		}
		c := value[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if _, size := utf8.DecodeRuneInString(value[i:]); size > 1 {
			i += size // a letter outside ASCII
			continue
		}
		b = appendEscaped(append(b, value[written:i]...), c)
		i++
		written = i
	}
	return append(append(b, value[written:]...), '"')
}

// arePlain tells of eight bytes, all at once, that each stands for itself.
func arePlain(s string) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, backslash := v^each*'"', v^each*'\\'
	// Where no byte has its high bit, that of a difference tells what is too small.
	return (v|(v-each*' ')|(quote-each)|(backslash-each))&high == 0
}

// appendEscaped writes a byte that cannot stand in a string of JSON as it is. One
// outside UTF-8 is the replacement character.
func appendEscaped(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	if c >= utf8.RuneSelf {
		return append(b, `\ufffd`...)
	}
	return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
