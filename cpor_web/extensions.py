"""The Flask extensions, made once and given to each app by `create_app`."""

from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from cpor_web.database.migrate import Migrate
from cpor_web.limiting.callers import caller
from cpor_web.models import Base
from cpor_web.queue import Doorbell
from cpor_web.starting.lean_security import Security

db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()
babel = Babel()
bootstrap = Bootstrap5()
csrf = CSRFProtect()
limiter = Limiter(caller)
security = Security()
bell = Doorbell()
