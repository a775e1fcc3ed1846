// Package sts answers what a request of the AWS Security Token Service asks for:
// operations and parameters of the query protocol, version 2011-06-15, in a form
// (POST) or in the query of the URL (GET, or POST without a body).
//
// Everything that the answer depends on is data: the operations, their parameters
// with AWS's constraints, and the condition keys of each action ([Mapper.Fills]).
// What no row describes is refused by its name: an unknown parameter, one that is
// given twice, one that AWS has and that is not served here.
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
package sts

//go:generate go test -run TestReferenceIsCurrent . -update
