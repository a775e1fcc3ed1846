package policy

import (
	"slices"
	"strings"
)

// Cardinality tells how many values a condition key is declared to have.
type Cardinality uint8

// The cardinalities.
const (
	// Undeclared: the key is not one of those that AWS declares for all
	// services, STS, SAML and S3; a request decides by giving one value or a
	// list.
	Undeclared Cardinality = iota
	// Single keys have at most one value.
	Single
	// Multivalued keys have a list of values and need a set operator, even
	// when a request carries one value.
	Multivalued
	// TagNamespace keys need a tag key behind a slash, and then are Single.
	TagNamespace
)

// declared holds the global keys, and the multivalued ones of services.
var declared = map[string]Cardinality{
	"aws:principalorgpaths":         Multivalued,
	"aws:principalservicenameslist": Multivalued,
	"aws:vpceorgpaths":              Multivalued,
	"aws:resourceorgpaths":          Multivalued,
	"aws:sourceorgpaths":            Multivalued,
	"aws:tagkeys":                   Multivalued,
	"aws:calledvia":                 Multivalued,
	"sts:transitivetagkeys":         Multivalued,
	"sts:requestcontextproviders":   Multivalued,
	"s3:requestobjecttagkeys":       Multivalued,

	"saml:edupersonaffiliation":         Multivalued,
	"saml:edupersonassurance":           Multivalued,
	"saml:edupersonentitlement":         Multivalued,
	"saml:edupersonnickname":            Multivalued,
	"saml:edupersonorgdn":               Multivalued,
	"saml:edupersonorgunitdn":           Multivalued,
	"saml:edupersonprimaryaffiliation":  Multivalued,
	"saml:edupersonprimaryorgunitdn":    Multivalued,
	"saml:edupersonprincipalname":       Multivalued,
	"saml:edupersonscopedaffiliation":   Multivalued,
	"saml:edupersontargetedid":          Multivalued,
	"saml:eduorghomepageuri":            Multivalued,
	"saml:eduorgidentityauthnpolicyuri": Multivalued,
	"saml:eduorglegalname":              Multivalued,
	"saml:eduorgsuperioruri":            Multivalued,
	"saml:eduorgwhitepagesuri":          Multivalued,

	"dynamodb:attributes":  Multivalued,
	"dynamodb:leadingkeys": Multivalued,

	"aws:principaltag":     TagNamespace,
	"aws:requesttag":       TagNamespace,
	"aws:resourcetag":      TagNamespace,
	"s3:existingobjecttag": TagNamespace,
	"s3:requestobjecttag":  TagNamespace,
	"iam:resourcetag":      TagNamespace,
	"ec2:resourcetag":      TagNamespace,

	"aws:principalarn":                 Single,
	"aws:principalaccount":             Single,
	"aws:principalorgid":               Single,
	"aws:principalisawsservice":        Single,
	"aws:principalservicename":         Single,
	"aws:principaltype":                Single,
	"aws:userid":                       Single,
	"aws:username":                     Single,
	"aws:tokenissuetime":               Single,
	"aws:multifactorauthpresent":       Single,
	"aws:multifactorauthage":           Single,
	"aws:federatedprovider":            Single,
	"aws:sourceidentity":               Single,
	"aws:assumedroot":                  Single,
	"aws:ec2instancesourcevpc":         Single,
	"aws:ec2instancesourceprivateipv4": Single,
	"aws:chatbotsourcearn":             Single,
	"aws:sourceip":                     Single,
	"aws:vpcsourceip":                  Single,
	"aws:sourcevpc":                    Single,
	"aws:sourcevpcarn":                 Single,
	"aws:sourcevpce":                   Single,
	"aws:vpceaccount":                  Single,
	"aws:vpceorgid":                    Single,
	"aws:resourceaccount":              Single,
	"aws:resourceorgid":                Single,
	"aws:currenttime":                  Single,
	"aws:epochtime":                    Single,
	"aws:requestedregion":              Single,
	"aws:securetransport":              Single,
	"aws:useragent":                    Single,
	"aws:referer":                      Single,
	"aws:viaawsservice":                Single,
	"aws:calledviafirst":               Single,
	"aws:calledvialast":                Single,
	"aws:sourcearn":                    Single,
	"aws:sourceaccount":                Single,
	"aws:sourceorgid":                  Single,
}

// globalKeys are the declared keys that every service knows, in order.
var globalKeys = func() []string {
	var keys []string
	for key := range declared {
		if strings.HasPrefix(key, "aws:") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}()

// namespaces are those of the declared keys, such as "aws".
var namespaces = func() map[string]bool {
	all := map[string]bool{}
	for key := range declared {
		namespace, _, _ := strings.Cut(key, ":")
		all[namespace] = true
	}
	return all
}()

// IsNamespace tells whether condition keys that AWS declares begin with a word, in
// lower case, and a colon.
func IsNamespace(word string) bool { return namespaces[word] }

// KeyCardinality tells how many values a condition key, in lower case, is
// declared to have.
func KeyCardinality(key string) Cardinality {
	if c, ok := declared[key]; ok {
		return c
	}
	if namespace, tag, ok := strings.Cut(key, "/"); ok && tag != "" && declared[namespace] == TagNamespace {
		return Single
	}
	if strings.HasSuffix(key, ":amr") {
		return Multivalued // the claim of any OIDC provider
	}
	return Undeclared
}
