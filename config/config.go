// Package config reads Sallyport's configuration file. The file is checked
// whole: everything that is wrong with it is reported at once, each with line,
// column and what to write instead. What comes out is plain data; the command
// turns it into the options of the other rooms.
//
// The keys of the file, with their types, defaults and meanings, are declared
// once, in the files of this package named after the sections; the reader, the
// checks and docs/configuration.md are made from that declaration.
package config

import (
	"io/fs"
	"net/netip"
	"net/url"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
)

// Config is a configuration that holds together: every name that is referred to
// is there, every value has been checked, every path is absolute or relative to
// the working directory.
type Config struct {
	Doors     []Door
	Upstreams []Upstream
	Bundle    Bundle
	Keys      Keys
	Sessions  *Sessions // nil: there are none
	Admin     Admin
	Log       Log
	Audit     Audit
	Cache     Cache
	Limits    Limits
	Timeouts  Timeouts
}

// DoorType is what a door speaks.
type DoorType string

// The types of doors.
const (
	// DoorStandalone: the door is a proxy itself.
	DoorStandalone DoorType = "standalone"
	// DoorExtAuthz: the door answers Envoy, which is the proxy.
	DoorExtAuthz DoorType = "ext_authz"
	// DoorForwardAuth: the door answers a proxy that asks over HTTP.
	DoorForwardAuth DoorType = "forward_auth"
)

// Dialect is how a proxy asks a door over HTTP.
type Dialect string

// The dialects of DoorForwardAuth, each named after who speaks it.
const (
	DialectEnvoy   Dialect = "envoy"
	DialectNginx   Dialect = "nginx"
	DialectTraefik Dialect = "traefik"
	DialectCaddy   Dialect = "caddy"
)

// SendsBodies tells whether who speaks a dialect can send a request's body along.
func (d Dialect) SendsBodies() bool { return d == DialectEnvoy || d == DialectTraefik }

// SetsTarget tells whether who speaks a dialect can be told to send a request to
// another path or host than the client did.
func (d Dialect) SetsTarget() bool { return d == DialectNginx }

// UnixPrefix begins an address that is the path of a Unix socket.
const UnixPrefix = "unix:"

// Door is a listener that enforces. ProxyProtocol is of DoorStandalone; SocketMode
// and MaxConnectionAge of DoorExtAuthz; Dialect and PathPrefix of DoorForwardAuth;
// TrustedProxies and HealthPath of all but DoorExtAuthz; MaxBody of all but
// DoorStandalone; SourcePrincipal of DoorExtAuthz.
type Door struct {
	Name string
	Type DoorType
	// Listen is HOST:PORT, or of DoorExtAuthz UnixPrefix and a path.
	Listen         string
	SocketMode     fs.FileMode
	TLS            *TLS
	TrustedProxies []netip.Prefix
	ProxyProtocol  ProxyProtocol
	HealthPath     string
	// Dialect is who asks, and PathPrefix the path asked for, or what begins it.
	Dialect    Dialect
	PathPrefix string
	// MaxBody is the greatest body, in bytes, that comes with a question.
	MaxBody          int64
	MaxConnectionAge time.Duration
	SourcePrincipal  SourcePrincipal
	Routes           []Route
}

// SourcePrincipal is whether Envoy's word of a client's certificate is believed.
type SourcePrincipal string

// The treatments of Envoy's source.principal.
const (
	// SourcePrincipalRecorded: it is written into records, and nobody's word.
	SourcePrincipalRecorded SourcePrincipal = "recorded"
	// SourcePrincipalVerified: Envoy verifies certificates, and it is who the client
	// is.
	SourcePrincipalVerified SourcePrincipal = "verified"
)

// ProxyProtocol is whether connections begin with a PROXY header.
type ProxyProtocol string

// The uses of PROXY headers.
const (
	// ProxyProtocolNone: connections are the clients' own.
	ProxyProtocolNone ProxyProtocol = "none"
	// ProxyProtocolRequired: a load balancer forwards them, and says whose they
	// are.
	ProxyProtocolRequired ProxyProtocol = "required"
)

// TLS names the files of a certificate and its key, and of the authorities that
// must have signed the clients' certificates. ClientCertificates is of
// DoorStandalone; of the others clients must show one if there is a ClientCA.
type TLS struct {
	Certificate        string
	Key                string
	ClientCA           string
	ClientCertificates ClientCertificates
}

// ClientCertificates is whether clients must show a certificate.
type ClientCertificates string

// The uses of clients' certificates.
const (
	// ClientCertificatesRequest: they may.
	ClientCertificatesRequest ClientCertificates = "request"
	// ClientCertificatesRequire: they must.
	ClientCertificatesRequire ClientCertificates = "require"
)

// The services of routes, by their signing names.
const (
	// ServiceS3 is Amazon S3, whose upstreams are stores.
	ServiceS3 = "s3"
	// ServiceSTS is AWS's Security Token Service, which Sallyport answers itself.
	ServiceSTS = "sts"
)

// Route says where the requests for some hosts of a door go. VirtualHosts, Account,
// Mode and Upstream are of ServiceS3.
type Route struct {
	Name         string
	Service      string
	Regions      []string
	Hosts        []string
	VirtualHosts []string
	Account      string
	Mode         Mode
	CORS         []CORSRule
	Upstream     string
	// EncodedMessages tells more of denials, sealed.
	EncodedMessages bool
}

// CORSRule lets pages of other origins use a route. In Origins and Headers one
// "*" stands for any run of characters.
type CORSRule struct {
	Origins []string
	Methods []CORSMethod
	Headers []string
	Expose  []string
	MaxAge  time.Duration
}

// CORSMethod is a method that a rule may permit.
type CORSMethod string

// Mode is what a route does with the decisions of policies.
type Mode string

// The modes of a route.
const (
	// ModeEnforce: what is denied is refused.
	ModeEnforce Mode = "enforce"
	// ModeObserve: what is denied to an authenticated caller is recorded, and
	// passes.
	ModeObserve Mode = "observe"
)

// ObjectKeys is what an upstream does to the names of objects.
type ObjectKeys string

// The treatments of object keys.
const (
	// ObjectKeysStrict: keys that a file system may change or fold together
	// are refused.
	ObjectKeysStrict ObjectKeys = "strict"
	// ObjectKeysExact: the upstream keeps every key as Amazon S3 does.
	ObjectKeysExact ObjectKeys = "exact"
)

// CopyTags is what copies that take their source's tags along must be allowed.
type CopyTags string

// The treatments of tags in copies.
const (
	// CopyTagsExact: reading the source's tags and writing the copy's, if the
	// source has tags.
	CopyTagsExact CopyTags = "exact"
	// CopyTagsUnchecked: nothing beyond the copy itself.
	CopyTagsUnchecked CopyTags = "unchecked"
	// CopyTagsChecked: reading the source's tags and writing the copy's.
	CopyTagsChecked CopyTags = "checked"
)

// CopyAnnotations is what copies that take their source's annotations along must
// be allowed.
type CopyAnnotations string

// The treatments of annotations in copies.
const (
	// CopyAnnotationsChecked: reading the source's annotations and writing the
	// copy's.
	CopyAnnotationsChecked CopyAnnotations = "checked"
	// CopyAnnotationsUnchecked: nothing beyond the copy itself.
	CopyAnnotationsUnchecked CopyAnnotations = "unchecked"
)

// Signing is who signs the requests to an upstream.
type Signing string

// The signing modes of an upstream.
const (
	// SigningResign: Sallyport does, with credentials of its own.
	SigningResign Signing = "resign"
	// SigningPassthrough: the client has, and the upstream shares its key.
	SigningPassthrough Signing = "passthrough"
	// SigningIdentity: nobody does; who asks is told in header fields.
	SigningIdentity Signing = "identity"
)

// PayloadSigning is how much of a body the signature for an upstream covers.
type PayloadSigning string

// The ways to sign bodies for an upstream.
const (
	// PayloadSigningAuto: as much as the client signed.
	PayloadSigningAuto PayloadSigning = "auto"
	// PayloadSigningUnsigned: nothing.
	PayloadSigningUnsigned PayloadSigning = "unsigned"
	// PayloadSigningSigned: every byte.
	PayloadSigningSigned PayloadSigning = "signed"
)

// ACLs is what becomes of ACLs that let others in than the owners.
type ACLs string

// The treatments of ACLs.
const (
	// ACLsRefused: they are refused.
	ACLsRefused ACLs = "refused"
	// ACLsForwarded: they go on to the store, which lets others in by them.
	ACLsForwarded ACLs = "forwarded"
)

// Addressing is how an upstream is told a bucket.
type Addressing string

// The addressing styles of an upstream.
const (
	AddressingPath    Addressing = "path"
	AddressingVirtual Addressing = "virtual"
)

// Upstream is a store behind routes.
type Upstream struct {
	Name       string
	Endpoint   *url.URL
	Addressing Addressing
	ObjectKeys ObjectKeys
	ACLs       ACLs
	// Operations are names of Operations and of the groups OperationsCore and
	// OperationsAll.
	Operations      []string
	CopyTags        CopyTags
	CopyAnnotations CopyAnnotations
	TagLifetime     time.Duration
	Region          string
	Signing         Signing
	PayloadSigning  PayloadSigning
	CAFile          string
	Credentials     *Credentials
	Callers         []CallerCredentials
	Timeouts        UpstreamTimeouts
	Connections     Connections
}

// Credentials are long-term or temporary credentials of an upstream. Without
// them the AWS SDK's default chain applies.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value
}

// CallerCredentials are credentials of an upstream for the requests of one
// principal: the ARN of a user or role, or an account.
type CallerCredentials struct {
	Principal string
	Credentials
}

// UpstreamTimeouts bound what an upstream may take.
type UpstreamTimeouts struct {
	Connect        time.Duration
	ResponseHeader time.Duration
	Idle           time.Duration
}

// Connections bound the connections to an upstream.
type Connections struct {
	Max     int
	MaxIdle int
}

// Bundle says where policies are and how changes to them are noticed.
type Bundle struct {
	Directory string
	Quiet     time.Duration
	Poll      time.Duration
}

// Keys says where access keys are.
type Keys struct {
	Files []string
	// Principals are the ARNs of users and roles, or accounts, whose keys alone are
	// kept; nil keeps all.
	Principals []string
}

// Sessions says how temporary credentials are made and opened.
type Sessions struct {
	// Keys is the file of the session keys; empty if there are none.
	Keys string
	// Cache is the memory for opened tokens, in bytes.
	Cache int64
}

// Admin is the listener for operators.
type Admin struct {
	Listen string
}

// Log says what is logged.
type Log struct {
	Level string
}

// Audit says where audit records go.
type Audit struct {
	// Output is AuditStdout, AuditStderr, AuditNone, or else a file, whose path
	// then holds a separator.
	Output   string
	WhenFull AuditWhenFull
}

// The outputs of audit records that are not files.
const (
	AuditStdout = "stdout"
	AuditStderr = "stderr"
	AuditNone   = "none"
)

// AuditWhenFull is what happens while records come faster than they are taken.
type AuditWhenFull string

// What happens while records come faster than they are taken.
const (
	// AuditDrop: records are lost, and counted.
	AuditDrop AuditWhenFull = "drop"
	// AuditRefuse: requests are refused until there is room.
	AuditRefuse AuditWhenFull = "refuse"
)

// Cache bounds what is remembered.
type Cache struct {
	Decisions int64
}

// Limits bound what requests may take.
type Limits struct {
	HeaderBytes       int64
	ObjectBytes       int64
	DecidedBodyBudget int64
	Connections       int

	FailedAuthentications FailedAuthentications
}

// FailedAuthentications limits those of each peer; a Rate of 0 limits none.
type FailedAuthentications struct {
	Rate, Burst int
	Anonymous   bool
}

// Timeouts bound what clients may take, and the end of the process.
type Timeouts struct {
	Header        time.Duration
	Idle          time.Duration
	BodyProgress  time.Duration
	WriteProgress time.Duration
	DrainDelay    time.Duration
	Drain         time.Duration
}
