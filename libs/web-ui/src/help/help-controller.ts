import { Controller, Get, Render } from '@nestjs/common';

/** What readers ask before they trust a mail like this, and when something does not go as expected. */
@Controller('help')
export class HelpController {
  @Get()
  @Render('web-ui/help/help-page')
  page(): object {
    return {};
  }
}
