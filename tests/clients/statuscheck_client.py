"""A service as statuscheck has some fifty; it prints what its command would."""

import os
import sys

from statuscheck.services.bases._statuspageio import BaseStatusPageAPI  # type: ignore[import-not-found]  # only there


class ServiceAPI(BaseStatusPageAPI):  # type: ignore[misc]  # whose base is only there
    name = "Acme"
    status_url = os.environ["HOST"]

    def _get_base_url(self) -> str:
        return f"{os.environ['HOST']}/api/v2/"


service = ServiceAPI()
service._print_summary(verbose=True)
told = {component.name: component.status for component in service.summary.components}
sys.stdout.write(repr(told))
