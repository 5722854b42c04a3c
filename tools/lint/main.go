// SPDX-License-Identifier: Apache-2.0

// Lint is what "make lint" runs: staticcheck, all passes of "go vet", and a few
// analyzers more. As one program it loads and type-checks each package once,
// and keeps its results in staticcheck's cache. The checks of staticcheck that
// are left out are in staticcheck.conf, with the reasons.
package main

import (
	"os"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/reflectvaluecompare"
	"golang.org/x/tools/go/analysis/passes/scannererr"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"honnef.co/go/tools/lintcmd"
	"honnef.co/go/tools/lintcmd/version"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

// more are analyzers that neither staticcheck nor go vet has, and that have
// found, or would find, faults of this code. Together they take 2 of the 40 CPU
// seconds of a run without a cache.
//
// Tried and left out: errorlint, which takes the comparison of an error's
// identity for a mistake (52 findings, each of them meant); errcheck, which
// takes every method that returns a type with an Error method for one that can
// fail (57); exhaustive (30, most of them a switch over reflect.Kind); bodyclose
// (166, for it does not see that a helper closes the body); shadow.
var more = []*analysis.Analyzer{
	nilness.Analyzer,             // a pointer that must be nil is dereferenced, or compared with nil once more
	unusedwrite.Analyzer,         // a field is set in a copy of a struct that nobody reads
	reflectvaluecompare.Analyzer, // == of reflect.Values compares no values; much of this code is reflection
	scannererr.Analyzer,          // the lines end at an error that nobody looks at
}

func main() {
	cmd := lintcmd.NewCommand("lint")
	cmd.SetVersion(version.Version, version.MachineVersion)
	cmd.ParseFlags(os.Args[1:])
	cmd.AddAnalyzers(simple.Analyzers...)
	cmd.AddAnalyzers(staticcheck.Analyzers...)
	cmd.AddAnalyzers(stylecheck.Analyzers...)
	cmd.AddAnalyzers(unused.Analyzer)
	cmd.AddBareAnalyzers(uncategorized(vet)...)
	cmd.AddBareAnalyzers(uncategorized(more)...)
	cmd.Run()
}

// uncategorized lets analyzers report without a category: staticcheck takes it
// for the name of the check, and drops what comes from one that it does not know.
func uncategorized(analyzers []*analysis.Analyzer) []*analysis.Analyzer {
	var all []*analysis.Analyzer
	for _, a := range analyzers {
		changed := *a
		changed.Run = func(pass *analysis.Pass) (any, error) {
			report := pass.Report
			pass.Report = func(d analysis.Diagnostic) {
				d.Category = ""
				report(d)
			}
			return a.Run(pass)
		}
		all = append(all, &changed)
	}
	return all
}
