package proxy

import "github.com/sallyport-iam/sallyport/audit"

// recordSession tells in a record of temporary credentials: those used, those asked
// for and those issued.
func (v *Verdict) recordSession(record *audit.Record) {
	federated := v.rarely().federated
	switch {
	case v.session != nil:
		s := v.session
		record.Session = &audit.Session{
			Issued: s.Issued, MFA: !s.MFA.IsZero(), IssuerName: s.IssuerName,
			Provider: s.Provider, SourceIdentity: s.SourceIdentity,
		}
	case federated != nil:
		record.Federated = &audit.Federated{Subject: federated.Subject, Provider: federated.Provider}
	}
	if a := v.mapped.Assume; a != nil {
		record.Assumption = &audit.Assumption{
			RoleARN: a.RoleARN, SessionName: a.SessionName, Duration: a.Duration, PolicyARNs: a.PolicyARNs,
			TransitiveTagKeys: a.TransitiveTagKeys, ExternalID: a.ExternalID, SourceIdentity: a.SourceIdentity, SerialNumber: a.SerialNumber,
		}
		for _, t := range a.Tags {
			record.Assumption.Tags = append(record.Assumption.Tags, audit.Tag(t))
		}
	}
}
