// Command gpx_tickscope_market is the back end of the Grafana data source "Tickscope".
package main

import (
	"os"
	"runtime/debug"

	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/plugin"
)

// gcPercent is more than Go's 100: the back end keeps a few megabytes and makes 0.7 more for each query of a day, so
// collecting as often as each doubling took a quarter of a query's time.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	// Blocks until Grafana ends the process. Makes one plugin.Datasource per configured data source and a new one when its
	// settings change.
	if err := datasource.Manage(plugin.ID, plugin.NewDatasource, datasource.ManageOpts{}); err != nil {
		log.DefaultLogger.Error("the back end ended", "error", err.Error())
		os.Exit(1)
	}
}
