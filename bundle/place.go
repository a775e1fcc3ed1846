package bundle

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// kind is what a file of the bundle is.
type kind uint8

const (
	noFile kind = iota // none of the layout
	settingsFile
	entityFile   // a user, group, role or managed policy
	inlineFile   // an inline policy of one
	trustFile    // the trust policy of a role
	managedFile  // the document of a managed policy
	bucketFile   // the policy of a bucket
	bucketTags   // the tags of a bucket
	providerFile // an OpenID Connect provider
	keySetFile   // the public keys of one
	samlFile     // the metadata of a SAML provider
)

// class is a class of entities: what AWS calls them, the directory they are in,
// the prefix of their ids and the greatest length of a name.
type class struct {
	singular, directory string
	idPrefix            string
	longest             int
	// inline is the quota of all inline policies together, in characters
	// without white space; attached that of managed policies.
	inline, attached int
}

var (
	users    = &class{singular: "user", directory: "users", idPrefix: "AIDA", longest: 64, inline: policy.MaxInlineUserSize, attached: 10}
	groups   = &class{singular: "group", directory: "groups", idPrefix: "AGPA", longest: 128, inline: policy.MaxInlineGroupSize, attached: 10}
	roles    = &class{singular: "role", directory: "roles", idPrefix: "AROA", longest: 64, inline: policy.MaxInlineRoleSize, attached: 10}
	policies = &class{singular: "policy", directory: "policies", idPrefix: "ANPA", longest: 128}

	classes = []*class{users, groups, roles, policies}
)

// awsAccount stands for the account in the path and the ARN of AWS's own
// managed policies.
const awsAccount = "aws"

// place is what the path of a file says.
type place struct {
	kind    kind
	class   *class // of entityFile, inlineFile
	account string
	name    string // of the entity, or of the bucket
	policy  string // of an inline policy
}

// misplaced says why a path is none of the layout. subject is the path or the
// directory that is to be reported, once for all that is in it.
type misplaced struct {
	subject, code, message, remedy string
}

func (m *misplaced) finding() policy.Finding {
	return policy.Finding{File: m.subject, Line: 1, Column: 1, Code: m.code, Message: m.message, Remedy: m.remedy}
}

// unsupported are the parts of the layout that this version does not read.
var unsupported = map[string]string{
	"organization": "service and resource control policies",
	"services":     "services with actions of their own",
	"tests":        "tests of a bundle",
}

func notSupported(subject, name string) *misplaced {
	return &misplaced{subject, "NOT_SUPPORTED", unsupported[name] + " are not supported by this version, and nothing of them would be enforced", "remove it"}
}

func unknownPlace(subject, remedy string) *misplaced {
	return &misplaced{subject, "UNKNOWN_FILE", "nothing in the layout of a bundle has this place", remedy}
}

// locate tells what the file at a path is.
func locate(file string) (place, *misplaced) {
	segments := strings.Split(file, "/")
	for i, s := range segments {
		if strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) >= 0 {
			return place{}, unknownPlace(strings.Join(segments[:i+1], "/"), "remove the control characters from its name")
		}
	}
	first := segments[0]
	switch {
	case file == "bundle.yaml":
		return place{kind: settingsFile}, nil
	case first == "accounts" && len(segments) > 2:
		return locateInAccount(file, segments)
	case len(segments) > 1 && unsupported[first] != "":
		return place{}, notSupported(first, first)
	case len(segments) == 1 && first == "bundle.yml":
		return place{}, unknownPlace(file, "call it bundle.yaml")
	case len(segments) > 1 && first != "accounts":
		remedy := "move it out of the bundle's directory"
		if near := nearest(first, []string{"accounts"}); near != "" {
			remedy = "call it accounts"
		}
		return place{}, unknownPlace(first, remedy)
	}
	return place{}, unknownPlace(file, "move it out of the bundle's directory, or call it README")
}

// locateInAccount knows accounts/ACCOUNT/….
func locateInAccount(file string, segments []string) (place, *misplaced) {
	account, directory := segments[1], segments[2]
	at := strings.Join(segments[:2], "/")
	if account != awsAccount && !isAccount(account) {
		return place{}, &misplaced{at, "INVALID_ACCOUNT", fmt.Sprintf("%q is not the id of an account", account), "name the directory with 12 digits, or aws for AWS managed policies"}
	}
	if len(segments) == 3 {
		return place{}, unknownPlace(file, "put it into users, groups, roles, policies, oidc-providers, saml-providers or resources/s3")
	}
	at += "/" + directory
	switch {
	case account == awsAccount && directory != policies.directory:
		return place{}, unknownPlace(at, "keep to accounts/aws/policies: AWS's own account has nothing else")
	case directory == "resources":
		return locateResource(file, segments)
	case directory == providerDirectory:
		return locateProvider(file, account, segments[3:])
	case directory == samlDirectory:
		return locateSAML(file, account, segments[3:])
	}
	i := slices.IndexFunc(classes, func(c *class) bool { return c.directory == directory })
	if i < 0 {
		remedy := "put it into users, groups, roles, policies, oidc-providers, saml-providers or resources/s3"
		if near := nearest(directory, []string{"users", "groups", "roles", "policies", providerDirectory, samlDirectory, "resources"}); near != "" {
			remedy = "call it " + near
		}
		return place{}, unknownPlace(at, remedy)
	}
	return locateEntity(file, classes[i], account, segments[3:])
}

// locateEntity knows NAME.yaml and NAME/POLICY.json in the directory of a class.
func locateEntity(file string, c *class, account string, rest []string) (place, *misplaced) {
	p := place{kind: entityFile, class: c, account: account}
	ext := path.Ext(file)
	stem := strings.TrimSuffix(rest[len(rest)-1], ext)
	switch {
	case ext == ".yml" || ext == ".yaml" && len(rest) > 1:
		return p, unknownPlace(file, "keep the "+c.singular+" in "+c.directory+"/NAME.yaml")
	case len(rest) == 1 && ext == ".yaml":
		p.name = stem
	case len(rest) == 1 && ext == ".json" && c == policies:
		p.kind, p.name = managedFile, stem
	case len(rest) == 1 && c == roles && strings.HasSuffix(stem, ".trust") && ext == ".json":
		p.kind, p.name = trustFile, strings.TrimSuffix(stem, ".trust")
	case len(rest) == 1 && ext == ".json":
		return p, unknownPlace(file, "put an inline policy into "+c.directory+"/NAME/"+rest[0]+", where NAME is its "+c.singular)
	case len(rest) == 2 && ext == ".json" && c != policies:
		p.kind, p.name, p.policy = inlineFile, rest[0], stem
		if bad := badName(stem, policies.longest); bad != "" {
			return p, badlyNamed(file, "policy", stem, bad)
		}
	case c == policies:
		return p, unknownPlace(file, "put it into policies itself; the path of a policy is a key of its NAME.yaml")
	default:
		return p, unknownPlace(file, "keep to "+c.directory+"/NAME.yaml and "+c.directory+"/NAME/POLICY.json")
	}
	if bad := badName(p.name, c.longest); bad != "" {
		return p, badlyNamed(file, c.singular, p.name, bad)
	}
	return p, nil
}

func badlyNamed(file, what, name, bad string) *misplaced {
	return &misplaced{file, "INVALID_NAME", fmt.Sprintf("the name of the %s, %q, %s", what, name, bad), "rename the file"}
}

// providerDirectory holds the OpenID Connect providers of an account.
const providerDirectory = "oidc-providers"

// keySetEnding ends the name of the file with the keys of a provider.
const keySetEnding = ".jwks.json"

// locateProvider knows oidc-providers/NAME.yaml and NAME.jwks.json. The name is for
// people: a provider is known by its URL.
func locateProvider(file, account string, rest []string) (place, *misplaced) {
	p := place{kind: providerFile, account: account}
	name, ok := strings.CutSuffix(rest[0], ".yaml")
	if !ok {
		p.kind = keySetFile
		name, ok = strings.CutSuffix(rest[0], keySetEnding)
	}
	if !ok || len(rest) > 1 {
		return p, unknownPlace(file, "keep to "+providerDirectory+"/NAME.yaml, and NAME"+keySetEnding+" for keys that are not fetched")
	}
	p.name = name
	if bad := badName(name, policies.longest); bad != "" {
		return p, badlyNamed(file, "provider", name, bad)
	}
	return p, nil
}

// samlDirectory holds the SAML providers of an account.
const samlDirectory = "saml-providers"

// locateSAML knows saml-providers/NAME.xml.
func locateSAML(file, account string, rest []string) (place, *misplaced) {
	p := place{kind: samlFile, account: account}
	name, ok := strings.CutSuffix(rest[0], ".xml")
	if !ok || len(rest) > 1 {
		return p, unknownPlace(file, "keep to "+samlDirectory+"/NAME.xml, the metadata that the identity provider exports")
	}
	p.name = name
	if bad := badName(name, policies.longest); bad != "" {
		return p, badlyNamed(file, "provider", name, bad)
	}
	return p, nil
}

// locateResource knows resources/s3/BUCKET.json and BUCKET.yaml.
func locateResource(file string, segments []string) (place, *misplaced) {
	if len(segments) == 5 && segments[3] == "s3" {
		ext := path.Ext(segments[4])
		bucket := strings.TrimSuffix(segments[4], ext)
		bad := badBucket(bucket)
		if len(bucket) < 3 {
			bad = "is shorter than 3 characters"
		}
		switch {
		case ext != ".json" && ext != ".yaml":
		case bad != "":
			return place{}, badlyNamed(file, "bucket", bucket, bad)
		case ext == ".json":
			return place{kind: bucketFile, account: segments[1], name: bucket}, nil
		default:
			return place{kind: bucketTags, account: segments[1], name: bucket}, nil
		}
	}
	if segments[3] != "s3" && len(segments) > 4 {
		return place{}, &misplaced{strings.Join(segments[:4], "/"), "NOT_SUPPORTED", "resource-based policies of this service are not supported by this version, and nothing of them would be enforced", "remove it"}
	}
	return place{}, unknownPlace(file, "keep the policy of a bucket in resources/s3/BUCKET.json, and its tags in BUCKET.yaml")
}
