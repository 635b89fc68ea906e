//go:build mage

package main

import (
	// mage:import
	build "github.com/grafana/grafana-plugin-sdk-go/build"
)

// Default builds the back end for every platform that Grafana runs on.
var Default = build.BuildAll
