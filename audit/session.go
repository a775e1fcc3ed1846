package audit

import (
	"time"

	"github.com/sallyport-iam/sallyport/authz"
)

// Session is what a record tells of temporary credentials that were used.
type Session struct {
	// Issued is when they were issued, and MFA whether a second factor was shown.
	Issued time.Time
	MFA    bool
	// IssuerName is the name of the role or user that issued them; empty if they are
	// of the user itself.
	IssuerName string
	// Provider is the ARN of the provider of the token that they were issued for;
	// empty if there was none.
	Provider string
	// SourceIdentity is that of the session; empty if none was set.
	SourceIdentity string
}

// Federated is who asks with a token in a request.
type Federated struct {
	// Subject and Provider are as the token has them.
	Subject, Provider string
}

// Assumption is what was asked for. It holds no one-time code.
type Assumption struct {
	RoleARN, SessionName                     string
	Duration                                 time.Duration // 0: none was asked for
	PolicyARNs, TransitiveTagKeys            []string
	Tags                                     []Tag
	ExternalID, SourceIdentity, SerialNumber string
}

// Tag is a tag of a session.
type Tag struct{ Key, Value string }

// Issued is what was issued. It holds no secret.
type Issued struct {
	AccessKeyID string
	ARN, ID     string
	Expires     time.Time
}

const timeFormat = "2006-01-02T15:04:05Z"

// append writes what CloudTrail has of temporary credentials in userIdentity.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func (s *Session) append(b []byte, c *authz.Caller) []byte {
	b = append(b, `,"sessionContext":{`...)
	if s.IssuerName != "" || c.ParentARN != "" {
		b = appendString(b, `"sessionIssuer":{"type":`, issuerType(c))
		b = appendTold(b, `,"principalId":`, c.ParentID)
		b = appendTold(b, `,"arn":`, c.ParentARN)
		b = appendTold(b, `,"accountId":`, c.Account)
		b = appendTold(b, `,"userName":`, s.IssuerName)
		b = append(b, `},`...)
	}
	if s.Provider != "" {
		b = appendString(b, `"webIdFederationData":{"federatedProvider":`, s.Provider)
		b = append(b, `},`...)
	}
	b = append(b, `"attributes":{"creationDate":"`...)
	b = s.Issued.UTC().AppendFormat(b, timeFormat)
	b = append(b, `","mfaAuthenticated":"`...)
	if s.MFA {
		b = append(b, `true"}`...)
	} else {
		b = append(b, `false"}`...)
	}
	b = appendTold(b, `,"sourceIdentity":`, s.SourceIdentity)
	return append(b, '}')
}

func issuerType(c *authz.Caller) string {
	switch {
	case c.Type == authz.AssumedRole:
		return "Role"
	case c.ParentID == c.Account:
		return "Root"
	default:
		return "IAMUser"
	}
}

// append writes the parameters of the request, as CloudTrail has them.
func (a *Assumption) append(b []byte) []byte {
	b = appendString(b, `,"requestParameters":{"roleArn":`, a.RoleARN)
	b = appendTold(b, `,"roleSessionName":`, a.SessionName)
	if a.Duration != 0 {
		b = appendInt(b, `,"durationSeconds":`, int64(a.Duration/time.Second))
	}
	b = appendList(b, `,"policyArns":[`, a.PolicyARNs)
	for i, t := range a.Tags {
		if i == 0 {
			b = append(b, `,"tags":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendString(b, `{"key":`, t.Key)
		b = append(appendString(b, `,"value":`, t.Value), '}')
		if i == len(a.Tags)-1 {
			b = append(b, ']')
		}
	}
	b = appendList(b, `,"transitiveTagKeys":[`, a.TransitiveTagKeys)
	b = appendTold(b, `,"externalId":`, a.ExternalID)
	b = appendTold(b, `,"sourceIdentity":`, a.SourceIdentity)
	b = appendTold(b, `,"serialNumber":`, a.SerialNumber)
	return append(b, '}')
}

// append writes what the answer held, as CloudTrail has it, without the secrets.
func (i *Issued) append(b []byte) []byte {
	b = appendString(b, `,"responseElements":{"credentials":{"accessKeyId":`, i.AccessKeyID)
	b = append(b, `,"expiration":"`...)
	b = append(i.Expires.UTC().AppendFormat(b, timeFormat), `"}`...)
	b = appendTold(b, `,"arn":`, i.ARN)
	b = appendTold(b, `,"principalId":`, i.ID)
	return append(b, '}')
}

func appendList(b []byte, member string, values []string) []byte {
	if len(values) == 0 {
		return b
	}
	b = append(b, member...)
	for i, v := range values {
		comma := ","
		if i == 0 {
			comma = ""
		}
		b = appendString(b, comma, v)
	}
	return append(b, ']')
}
